// Two hosts, 192.0.2.1 (and 10.1.1.1, 10.1.2.1) and 192.0.2.2 (and 10.2.1.1, 10.2.2.1), each a network
// namespace, joined by a veth pair; and charons in them.
//
// Whatever way a test run ends, except by SIGKILL, namespaces and processes end with it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLUGINS, prepareLogFile, strongswanConf } from '../../src/charon/strongswan-conf.js';

/** Instead of the kernel, charon itself does ESP here, so that SAs can be made on kernels without it. */
export const PEER_PLUGINS = PLUGINS.flatMap((name) =>
  name === 'kernel-netlink' ? ['kernel-libipsec', 'kernel-netlink'] : [name],
);

const cleanups = new Set<() => void>();
process.on('exit', () => {
  for (const cleanup of cleanups) cleanup();
});
process.once('SIGTERM', () => process.exit(143));

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

export class Namespaces {
  readonly dir = mkdtempSync(join(tmpdir(), 'ike-bridge-test-'));
  readonly names: readonly [string, string];
  private readonly charons: Charon[] = [];
  private readonly atExit = (): void => this.remove();

  constructor() {
    const id = `${process.pid.toString(36)}${randomBytes(3).toString('hex')}`;
    this.names = [`ike-${id}-a`, `ike-${id}-b`];
    cleanups.add(this.atExit);
    try {
      const [a, b] = this.names;
      for (const name of this.names) {
        ip('netns', 'add', name);
        ip('-n', name, 'link', 'set', 'lo', 'up');
      }
      ip('link', 'add', 'eth0', 'netns', a, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b);
      for (const [i, name] of this.names.entries()) {
        ip('-n', name, 'addr', 'add', `192.0.2.${i + 1}/24`, 'dev', 'eth0');
        ip('-n', name, 'link', 'set', 'eth0', 'up');
        // kernel-libipsec wants an address of its own inside each local traffic selector.
        for (const net of [1, 2]) ip('-n', name, 'addr', 'add', `10.${i + 1}.${net}.1/32`, 'dev', 'lo');
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Starts a charon in the first or second namespace; connect to `socket` until it answers. */
  async charon(host: 0 | 1, plugins: readonly string[] = PLUGINS): Promise<Charon> {
    const charon = await Charon.start(this.names[host], join(this.dir, `charon-${host}`), plugins);
    this.charons.push(charon);
    return charon;
  }

  async stop(): Promise<void> {
    await Promise.all(this.charons.map((charon) => charon.kill('SIGKILL')));
    this.remove();
  }

  private remove(): void {
    cleanups.delete(this.atExit);
    for (const charon of this.charons) charon.killNow();
    const there = ip('netns', 'list');
    for (const name of this.names) if (there.includes(name)) ip('netns', 'del', name);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export class Charon {
  readonly socket: string;
  readonly logFile: string;
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;

  private constructor(prefix: string, process: ChildProcess) {
    this.socket = `${prefix}.vici`;
    this.logFile = `${prefix}.log`;
    this.process = process;
    this.exited = new Promise((resolve) => process.once('exit', () => resolve()));
  }

  static async start(netns: string, prefix: string, plugins: readonly string[]): Promise<Charon> {
    const conf = `${prefix}.conf`;
    const paths = { runDir: tmpdir(), viciSocket: `${prefix}.vici`, logFile: `${prefix}.log` };
    writeFileSync(conf, strongswanConf({ ...paths, level: 1, plugins }));
    await prepareLogFile(paths.logFile);
    const command = ['netns', 'exec', netns, 'env', `STRONGSWAN_CONF=${conf}`, '/usr/sbin/charon-systemd'];
    return new Charon(prefix, spawn('ip', command, { stdio: 'ignore' }));
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }

  killNow(): void {
    this.process.kill('SIGKILL');
  }
}
