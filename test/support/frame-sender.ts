// Sends frames as they are from a node's device, no faster than the far side takes them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import type { Site } from './two-sites.js';

/** Each line of standard input has it send so many of the frames, what is due at each tick of a timer, and say so. */
const SEND = `
import signal, socket, struct, sys, time
TICK = 0.001
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
device, path, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((device, 0))
data, at = open(path, 'rb').read(), 0
for line in sys.stdin:
    start, sent, wanted = time.monotonic(), 0, int(line)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    while sent < wanted:
        signal.sigwait([signal.SIGALRM])
        due = min(wanted, int((time.monotonic() - start) * rate))
        while sent < due:
            length, = struct.unpack_from('<H', data, at)
            out.send(data[at + 2:at + 2 + length])
            at += 2 + length
            sent += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(sent, flush=True)
`;

/**
 * Frames on their way at most, and how many are sent a second meanwhile. The far end of a veth pair drops in silence what
 * it has no room for: 256 frames (VETH_RING_SIZE of the kernel's drivers/net/veth.c), or more than the 2048 descriptors
 * that an AF_XDP port's thread, waiting for its turn, has left to the kernel. Each batch costs a question to the gateway.
 */
const BATCH = 1024;
const BATCH_RATE = 30_000;
const RECEIVED_STEP_MS = 1;
/** What has not arrived when nothing has for so long was lost. */
const STALLED_MS = 100;

interface FrameSender {
  /** Sends the next so many. */
  send(count: number): Promise<void>;
}

/** Resolves when a site's port has received all, or lost them; frames are 14 octets at least, which is what Linux sends. */
export async function sendFrames(
  node: LabNode,
  device: string,
  frames: readonly Buffer[],
  to: { site: Site; port: string },
): Promise<void> {
  await withSender(node, device, frames, BATCH_RATE, async (sender) => {
    let goal = await receivedBy(to);
    for (let at = 0; at < frames.length; at += BATCH) {
      const count = Math.min(BATCH, frames.length - at);
      await sender.send(count);
      goal = await arrived(to, goal + count);
    }
  });
}

/** Sends them at a rate, in frames a second, whether or not anybody takes them. */
export async function flood(
  node: LabNode,
  device: string,
  frames: readonly Buffer[],
  rate: number,
): Promise<void> {
  await withSender(node, device, frames, rate, (sender) => sender.send(frames.length));
}

async function receivedBy({ site, port }: { site: Site; port: string }): Promise<number> {
  const { interfaces } = await site.dataplane.request('show-interfaces', {});
  const report = interfaces.find(({ name }) => name === port);
  if (report === undefined) throw new Error(`${site.names.name} has no interface ${port}`);
  return report.rx_packets;
}

/** Waits until a port has received so many in all; returns how many it has, fewer when some were lost. */
async function arrived(to: { site: Site; port: string }, goal: number): Promise<number> {
  let received = await receivedBy(to);
  let movedAt = performance.now();
  const settled = async (): Promise<boolean> => {
    const now = await receivedBy(to);
    if (now !== received) movedAt = performance.now();
    received = now;
    return received >= goal || performance.now() - movedAt >= STALLED_MS;
  };
  await until(`${goal} frames at ${to.port}, or no more`, settled, { intervalMs: RECEIVED_STEP_MS });
  return received;
}

async function withSender(
  node: LabNode,
  device: string,
  frames: readonly Buffer[],
  rate: number,
  body: (sender: FrameSender) => Promise<void>,
): Promise<void> {
  const parts = frames.flatMap((frame) => {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(frame.length);
    return [length, frame];
  });
  const path = node.writeFile(`frames-${device}.bin`, Buffer.concat(parts));
  const [program = '', ...argv] = node.enter(['/usr/bin/python3', '-c', SEND, device, path, String(rate)]);
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // Whoever waits for a line is told.
  child.stdin.on('error', (error) => {
    said += error.message;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  try {
    await body({
      async send(count) {
        child.stdin.write(`${count}\n`);
        const { value, done } = await lines.next();
        if (done === true || Number(value) !== count) {
          throw new Error(`${value ?? 0} of ${count} frames were sent: ${said}`);
        }
      },
    });
  } finally {
    child.stdin.end();
    child.kill();
    await closed;
  }
}

export async function macOf(node: LabNode, device: string): Promise<string> {
  const { stdout } = await node.run(['cat', `/sys/class/net/${device}/address`]);
  return stdout.trim();
}
