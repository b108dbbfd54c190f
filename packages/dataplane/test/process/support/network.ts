// Network namespaces with hosts and a place for a gateway, and programs run inside of them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

/** Runs `ip`, and returns what it prints. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Ran {
  code: number | null;
  /** Standard output and error, in one. */
  output: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  ended: Promise<Ran>;
}

export class Network {
  /** The namespace of the gateway: everything that Linux runs on the box. */
  readonly gateway: string;
  private readonly unique = `sluice-dp-${process.pid}-${randomBytes(3).toString('hex')}`;
  private readonly namespaces: string[] = [];
  private readonly running = new Set<ChildProcess>();

  constructor() {
    this.gateway = this.namespace('gw');
  }

  namespace(name: string): string {
    const namespace = `${this.unique}-${name}`;
    ip('netns', 'add', namespace);
    this.namespaces.push(namespace);
    // New namespaces take over the machine's setting; and without IPv6 only what tests send is on the wire.
    this.sync(namespace, 'sysctl', '-qw', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.default.disable_ipv6=1');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return namespace;
  }

  /** A host behind the gateway's `device`; its own device is `eth0`. */
  host(name: string, device: string, address: string, router: string): string {
    const namespace = this.namespace(name);
    this.wire(device, namespace);
    ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0');
    ip('-n', namespace, 'route', 'add', 'default', 'via', router);
    return namespace;
  }

  /** Gives a host an IPv6 address and a way to everywhere. */
  address6(namespace: string, address: string, router: string): void {
    this.sync(namespace, 'sysctl', '-qw', 'net.ipv6.conf.eth0.disable_ipv6=0');
    ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0', 'nodad');
    ip('-6', '-n', namespace, 'route', 'add', 'default', 'via', router, 'dev', 'eth0');
  }

  /** A veth pair from `device` of the gateway to `eth0` of a namespace, without offloads, both ends up. */
  wire(device: string, namespace: string): void {
    ip('-n', this.gateway, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    for (const [each, end] of [
      [this.gateway, device],
      [namespace, 'eth0'],
    ] as const) {
      // AF_XDP gets what the peer's device leaves undone: half-made checksums and packets of 64 KiB.
      this.sync(
        each,
        'ethtool',
        '-K',
        end,
        'tx-checksumming',
        'off',
        'tso',
        'off',
        'gso',
        'off',
        'gro',
        'off',
      );
      ip('-n', each, 'link', 'set', end, 'up');
    }
  }

  sync(namespace: string, ...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', namespace, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  start(namespace: string, ...command: string[]): Running {
    return this.spawn('ip', ['netns', 'exec', namespace, ...command]);
  }

  /** As start(), but with the machine's mounts: namespaces that the program makes are seen from outside. */
  startWithMounts(namespace: string, ...command: string[]): Running {
    return this.spawn('nsenter', [`--net=/run/netns/${namespace}`, ...command]);
  }

  private spawn(program: string, args: string[]): Running {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = once(child, 'close').then(([code]) => {
      this.running.delete(child);
      return { code: code as number | null, output };
    });
    return { child, output: () => output, ended };
  }

  run(namespace: string, ...command: string[]): Promise<Ran> {
    return this.start(namespace, ...command).ended;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.running].map(async (child) => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      }),
    );
    this.namespaces.length = 0;
    // Those that programs made, too.
    for (const name of readdirSync('/run/netns')) if (name.startsWith(this.unique)) ip('netns', 'del', name);
  }
}
