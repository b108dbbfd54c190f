import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '@sluice/shared';
import { NLMSG_ERROR, REDIRECT_MSG_BIND, XFRM_MSG } from '../../src/xfrm/constants.js';
import { decodeMessage, encodeMessage, type Message, reply } from '../../src/xfrm/netlink.js';

const run = promisify(execFile);
const packageDir = fileURLToPath(new URL('../../../', import.meta.url));

/** The bridge's end, by hand. */
class Far {
  readonly received: Message[] = [];
  readonly sockets: Socket[] = [];
  onMessage: (message: Message, socket: Socket) => void = () => {};
  #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined); // the probe may be killed; the tests look at its output
      socket.on('data', (bytes) => {
        for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
          const message = decodeMessage(Buffer.from(bytes.subarray(at, at + bytes.readUInt32LE(at))))!;
          this.received.push(message);
          this.onMessage(message, socket);
        }
      });
    });
  }

  static async listen(path: string): Promise<Far> {
    const far = new Far();
    far.#server.listen(path);
    await once(far.#server, 'listening');
    return far;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

const answer = (message: Message): Buffer =>
  encodeMessage(reply(message, XFRM_MSG.NEWSADINFO, Buffer.alloc(4)));
const isRequest = ({ type }: Message): boolean => type === XFRM_MSG.GETSADINFO;

describe('xfrm redirect', function () {
  this.timeout(120_000);
  let dir: string;
  let path: string;
  let probe: ChildProcess | null;
  let lines: Interface;
  let output: string[];
  let far: Far | null;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-rd-'));
    path = join(dir, 'x.sock');
    await run('make', ['-s', '-C', join(packageDir, 'native')]);
    await run('cc', ['-o', join(dir, 'probe'), join(packageDir, 'test/xfrm/redirect-probe.c')]);
  });
  after(() => rm(dir, { recursive: true, force: true }));
  beforeEach(() => {
    [probe, far, output] = [null, null, []];
  });
  afterEach(async () => {
    if (probe !== null && probe.exitCode === null) {
      probe.kill('SIGKILL');
      await once(probe, 'exit');
    }
    await far?.close();
  });

  function start(waitMs = 10_000): void {
    probe = spawn(join(dir, 'probe'), {
      env: {
        LD_PRELOAD: join(packageDir, 'build/xfrm-redirect.so'),
        SLUICE_XFRM_SOCKET: path,
        SLUICE_XFRM_WAIT_MS: String(waitMs),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    lines = createInterface({ input: probe.stdout! });
    lines.on('line', (line) => output.push(line));
  }

  async function ask(): Promise<{ type: number; errno: number; seq: number; wakeups: number }> {
    const before = output.length;
    probe!.stdin!.write('\n');
    const line = await until('the probe has an answer', () => output[before]);
    const [type, errno, seq, wakeups] = line.split(' ').slice(1).map(Number);
    return { type: type!, errno: errno!, seq: seq!, wakeups: wakeups! };
  }

  it('tells its groups and process first, then carries requests', async () => {
    far = await Far.listen(path);
    far.onMessage = (message, socket) => isRequest(message) && socket.write(answer(message));
    start();
    const result = await ask();
    assert.deepEqual([result.type, result.seq], [XFRM_MSG.NEWSADINFO, 4242]);
    const [bind] = far.received;
    assert.equal(bind?.type, REDIRECT_MSG_BIND);
    assert.equal(bind?.pid, probe!.pid);
    assert.equal(bind?.payload.readUInt32LE(0), 2);
  });

  it('puts an answer together that arrives octet by octet', async () => {
    far = await Far.listen(path);
    far.onMessage = (message, socket) => {
      if (!isRequest(message)) return;
      socket.setNoDelay(true);
      const octets = [...answer(message)];
      const next = (): void => {
        const octet = octets.shift();
        if (octet !== undefined) socket.write(Buffer.of(octet), () => setImmediate(next));
      };
      next();
    };
    start();
    assert.equal((await ask()).type, XFRM_MSG.NEWSADINFO);
  });

  it('waits for a bridge that comes later', async () => {
    start();
    const waiting = ask();
    far = await Far.listen(path);
    far.onMessage = (message, socket) => isRequest(message) && socket.write(answer(message));
    assert.equal((await waiting).type, XFRM_MSG.NEWSADINFO);
  });

  it('sends a request again that the bridge took to its grave, after binding again', async () => {
    far = await Far.listen(path);
    let dropped = 0;
    far.onMessage = (message, socket) => {
      if (!isRequest(message)) return;
      if (dropped++ < 2) socket.destroy();
      else socket.write(answer(message));
    };
    start();
    const result = await ask();
    assert.equal(result.type, XFRM_MSG.NEWSADINFO);
    assert.ok(result.wakeups < 20, `woken ${result.wakeups} times`);
    const types = far.received.map(({ type }) => type);
    assert.deepEqual(types, [
      ...[REDIRECT_MSG_BIND, XFRM_MSG.GETSADINFO],
      ...[REDIRECT_MSG_BIND, XFRM_MSG.GETSADINFO],
      ...[REDIRECT_MSG_BIND, XFRM_MSG.GETSADINFO],
    ]);
  });

  it('drops a bridge that sends nonsense, and a half message with the bridge that sent it', async () => {
    far = await Far.listen(path);
    let attempt = 0;
    far.onMessage = (message, socket) => {
      if (!isRequest(message)) return;
      attempt++;
      if (attempt === 1) socket.write(Buffer.alloc(16, 0xff));
      else if (attempt === 2) socket.end(answer(message).subarray(0, 18));
      else socket.write(answer(message));
    };
    start();
    assert.equal((await ask()).type, XFRM_MSG.NEWSADINFO);
    assert.equal(attempt, 3);
  });

  it('gives up after a while with an error, the next request sooner, and neither spins nor stops trying', async () => {
    start(1000);
    const begin = performance.now();
    const first = await ask();
    const took = performance.now() - begin;
    assert.deepEqual([first.type, first.errno, first.seq], [NLMSG_ERROR, constants.errno.ETIMEDOUT, 4242]);
    assert.ok(first.wakeups < 20, `woken ${first.wakeups} times`);
    const again = performance.now();
    assert.equal((await ask()).errno, constants.errno.ETIMEDOUT);
    assert.ok(performance.now() - again < took, 'a bridge known to be away is not waited for again');

    far = await Far.listen(path);
    far.onMessage = (message, socket) => isRequest(message) && socket.write(answer(message));
    assert.equal((await ask()).type, XFRM_MSG.NEWSADINFO);
  });

  it('notices between requests that the bridge was replaced', async () => {
    far = await Far.listen(path);
    far.onMessage = (message, socket) => isRequest(message) && socket.write(answer(message));
    start();
    await ask();
    await far.close();
    far = await Far.listen(path);
    far.onMessage = (message, socket) => isRequest(message) && socket.write(answer(message));
    assert.equal((await ask()).type, XFRM_MSG.NEWSADINFO);
  });
});
