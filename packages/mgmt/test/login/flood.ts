// Two thousand connections that never log in, and one who does.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '@sluice/shared';

export const CONNECTIONS = 2000;

/**
 * Half of them from one address, half from an address each: silent, with garbage, with half a greeting, with an octet a
 * second. What is closed comes again, a hundred in a second. Ends with its standard input, and says how many it made.
 */
const FLOOD = `
import os, select, socket, sys, time
address, port = sys.argv[1], int(sys.argv[2])
greeting = bytes.fromhex(sys.argv[3])
held, made = {}, 0
def connect():
    global made
    n = made
    made += 1
    s = socket.socket()
    s.settimeout(20)
    try:
        if n % 2: s.bind(('127.1.%d.%d' % (n // 500 % 250, n // 2 % 250 + 1), 0))
        s.connect((address, port))
        kind = n // 2 % 4
        if kind == 1: s.sendall(os.urandom(400))
        if kind == 2: s.sendall(greeting)
        s.setblocking(False)
        held[s.fileno()] = (s, kind)
    except OSError:
        s.close()
poll = select.poll()
def fill(most):
    for _ in range(most):
        if len(held) >= ${CONNECTIONS}: return
        before = set(held)
        connect()
        for fd in set(held) - before: poll.register(fd, select.POLLIN | select.POLLHUP)
poll.register(0, select.POLLIN | select.POLLHUP)
def drain(ms):
    for fd, _ in poll.poll(ms):
        if fd == 0:
            print('made', made, flush=True)
            sys.exit(0)
        s, _ = held[fd]
        try: over = s.recv(65536) == b''
        except BlockingIOError: over = False
        except OSError: over = True
        if over:
            poll.unregister(fd)
            del held[fd]
            s.close()
while made < ${CONNECTIONS}:
    fill(50)
    drain(0)
print('ready', flush=True)
trickle = time.monotonic()
while True:
    drain(100)
    if time.monotonic() < trickle: continue
    trickle = time.monotonic() + 1
    fill(100)
    for s, kind in list(held.values()):
        try:
            if kind == 3: s.send(b'S')
        except OSError: pass
`;

/** What a process holds of sockets, files and memory. */
function holds(pid: number): { descriptors: number; rssKiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssKiB = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, rssKiB };
}

/** Tuning: of Node.js's own heap growth and of what 256 connections in each step may have. */
const MEMORY_MAX_KIB = 96 * 1024;
const DESCRIPTORS_MAX = 3 * 256 + 40;

/**
 * Floods a service, has `login` done meanwhile, and checks that what the process holds is bounded and given back.
 * @param greeting What a connection says that goes one step further.
 */
export async function underFlood(
  within: readonly string[],
  service: { address: string; port: number; greeting: Uint8Array },
  mgmt: number,
  login: () => Promise<void>,
): Promise<void> {
  const before = holds(mgmt);
  const { address, port, greeting } = service;
  const [file = '', ...rest] = within;
  const words = ['/usr/bin/python3', '-c', FLOOD, address, `${port}`, Buffer.from(greeting).toString('hex')];
  const child = spawn(file, [...rest, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const said = sayingsOf(child);
    await until('two thousand connections', () => said().includes('ready'), { deadlineMs: 60_000 });
    await login();
    const during = holds(mgmt);
    assert.ok(during.rssKiB - before.rssKiB < MEMORY_MAX_KIB, `${before.rssKiB} → ${during.rssKiB} KiB`);
    assert.ok(
      during.descriptors - before.descriptors <= DESCRIPTORS_MAX,
      `${before.descriptors} → ${during.descriptors} descriptors`,
    );
    child.stdin?.end();
    await once(child, 'close');
    const made = Number(/made (\d+)/.exec(said())?.[1]);
    assert.ok(made >= CONNECTIONS, said());
    await until(
      () => `its sockets to be closed: ${before.descriptors} → ${holds(mgmt).descriptors}`,
      () => holds(mgmt).descriptors <= before.descriptors + 2,
      { deadlineMs: 30_000 },
    );
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

function sayingsOf(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
