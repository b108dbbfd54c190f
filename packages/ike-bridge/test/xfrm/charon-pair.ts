// Two real charons in two namespaces, joined by a veth, each preloaded and with a bridge of its own.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '@sluice/shared';
import { decodeMessage, encodeMessage, type Message } from '../../src/xfrm/netlink.js';
import { XfrmServer } from '../../src/xfrm/server.js';
import { Xfrm } from '../../src/xfrm/xfrm.js';
import { type MemoryLog, memoryLog } from './log.js';
import { MemorySink } from './memory-sink.js';

const run = promisify(execFile);
const LIBRARY = fileURLToPath(new URL('../../../build/xfrm-redirect.so', import.meta.url));
export const IF_ID = 42;

export interface PairOptions {
  /** Lines of swanctl.conf's child section, beside the usual. */
  child?: Record<string, string>;
  espProposals?: string;
}

const TICK_MS = 500;

export class Side {
  readonly sink = new MemorySink();
  readonly log: MemoryLog = memoryLog();
  /** Every request of charon, copied before it is wiped. */
  readonly requests: Message[] = [];
  xfrm!: Xfrm;
  server: XfrmServer | null = null;
  /** As the bridge has it: SAs that linger go by it. */
  #ticker: NodeJS.Timeout | undefined;
  charon!: ChildProcess;

  constructor(
    readonly namespace: string,
    readonly dir: string,
    readonly address: string,
    readonly peer: string,
  ) {}

  get xfrmSocket(): string {
    return join(this.dir, 'xfrm.sock');
  }

  /** The bridge's XFRM side, as a new process would begin. */
  async startBridge(): Promise<void> {
    this.xfrm = new Xfrm({ sink: this.sink, log: this.log, spdPath: join(this.dir, 'spd.json') });
    await this.xfrm.load();
    await this.xfrm.sync();
    this.server = await XfrmServer.listen({
      path: this.xfrmSocket,
      xfrm: this.xfrm,
      log: this.log,
      onRequest: (request) => {
        const copy = decodeMessage(encodeMessage(request));
        if (copy !== null) this.requests.push(copy);
      },
    });
    const { xfrm } = this;
    const failed = (error: Error): void => this.log.error({ error: error.message }, 'A tick failed.');
    this.#ticker = setInterval(() => void xfrm.tick().catch(failed), TICK_MS);
  }

  async stopBridge(): Promise<void> {
    clearInterval(this.#ticker);
    await this.server?.close();
    await this.xfrm?.flush();
    this.server = null;
  }

  async startCharon(): Promise<void> {
    this.charon = spawn(
      'ip',
      [
        'netns',
        'exec',
        this.namespace,
        'env',
        `STRONGSWAN_CONF=${this.dir}/strongswan.conf`,
        `SLUICE_XFRM_SOCKET=${this.xfrmSocket}`,
        `LD_PRELOAD=${LIBRARY}`,
        '/usr/sbin/charon-systemd',
      ],
      { stdio: 'ignore' },
    );
    await until(`charon of ${this.namespace} answers`, () =>
      this.swanctl('--stats').then(
        () => true,
        () => false, // not yet listening: asked again until the deadline
      ),
    );
  }

  /** swanctl's output. Rejects with its error text when it fails. */
  async swanctl(...args: string[]): Promise<string> {
    const uri = `unix://${this.dir}/charon.vici`;
    const { stdout } = await run('swanctl', [...args, '--uri', uri], {
      env: { PATH: process.env.PATH ?? '', STRONGSWAN_CONF: `${this.dir}/strongswan.conf` },
    });
    return stdout;
  }

  /** Processor time of charon so far, in clock ticks (proc(5): utime and stime). */
  async cpuTicks(): Promise<number> {
    const stat = await readFile(`/proc/${this.charon.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  }

  charonLog(): Promise<string> {
    return readFile(join(this.dir, 'charon.log'), 'utf8');
  }

  async configure(options: PairOptions): Promise<void> {
    await writeFile(
      join(this.dir, 'strongswan.conf'),
      `charon {
  load = random nonce openssl kdf kernel-netlink socket-default vici
  install_routes = no
  delete_rekeyed_delay = 1
  plugins { vici { socket = unix://${this.dir}/charon.vici } }
  filelog { log { path = ${this.dir}/charon.log
 default = 1
 knl = 2
 flush_line = yes } }
}
charon-systemd { journal { default = -1 } }
swanctl { load = random openssl }
`,
    );
    const extra = Object.entries({ rekey_time: '1h', ...options.child });
    await writeFile(
      join(this.dir, 'swanctl.conf'),
      `connections { site {
  version = 2
  local_addrs = ${this.address}
  remote_addrs = ${this.peer}
  proposals = aes128gcm16-prfsha256-x25519
  local { auth = psk
 id = ${this.address} }
  remote { auth = psk
 id = ${this.peer} }
  children { net {
    local_ts = 0.0.0.0/0
    remote_ts = 0.0.0.0/0
    if_id_in = ${IF_ID}
    if_id_out = ${IF_ID}
    esp_proposals = ${options.espProposals ?? 'aes256gcm16-x25519'}
    ${extra.map(([key, value]) => `${key} = ${value}`).join('\n    ')}
  } }
} }
secrets { ike-1 { secret = "between these two" } }
`,
    );
    await chmod(join(this.dir, 'swanctl.conf'), 0o600);
  }
}

const running = new Set<CharonPair>();
process.on('exit', () => {
  for (const pair of running) pair.abandon();
});

export class CharonPair {
  private constructor(
    readonly left: Side,
    readonly right: Side,
    private readonly dir: string,
  ) {}

  /** Both charons configured and running, no SA yet. Cleans up after itself when that fails. */
  static async start(options: PairOptions = {}): Promise<CharonPair> {
    const tag = `${process.pid}-${randomBytes(3).toString('hex')}`;
    const dir = await mkdtemp(join(tmpdir(), 'sluice-xfrm-'));
    const left = new Side(`sx-l-${tag}`, join(dir, 'l'), '192.0.2.1', '192.0.2.2');
    const right = new Side(`sx-r-${tag}`, join(dir, 'r'), '192.0.2.2', '192.0.2.1');
    const pair = new CharonPair(left, right, dir);
    running.add(pair);
    try {
      for (const side of [left, right]) {
        await mkdir(side.dir);
        await run('ip', ['netns', 'add', side.namespace]);
      }
      await run('ip', [
        'link',
        'add',
        'v',
        'netns',
        left.namespace,
        'type',
        'veth',
        'peer',
        'v',
        'netns',
        right.namespace,
      ]);
      await Promise.all(
        [left, right].map(async (side) => {
          await run('ip', ['-n', side.namespace, 'addr', 'add', `${side.address}/24`, 'dev', 'v']);
          await run('ip', ['-n', side.namespace, 'link', 'set', 'lo', 'up']);
          await run('ip', ['-n', side.namespace, 'link', 'set', 'v', 'up']);
          await side.configure(options);
          await side.startBridge();
          await side.startCharon();
          await side.swanctl('--load-all', '--file', join(side.dir, 'swanctl.conf'));
        }),
      );
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  /** The test run ends in the middle of a test. */
  abandon(): void {
    for (const side of [this.left, this.right]) {
      side.charon?.kill('SIGKILL');
      execFileSync('sh', ['-c', `ip netns del ${side.namespace} 2>/dev/null || true`]);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    running.delete(this);
    for (const side of [this.left, this.right]) {
      if (side.charon !== undefined && side.charon.exitCode === null && side.charon.signalCode === null) {
        const gone = new Promise((resolve) => side.charon.once('exit', resolve));
        side.charon.kill('SIGKILL');
        await gone;
      }
      await side.stopBridge();
      // Fails for a namespace that was never made, when starting failed before it.
      await run('ip', ['netns', 'del', side.namespace]).catch(() => undefined);
    }
    await rm(this.dir, { recursive: true, force: true });
  }
}
