// The data plane as the process that it is, in the gateway's namespace of a network.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ActorClient,
  type CountersReport,
  connect,
  createLogger,
  type DataplaneState,
  type DataplaneStatus,
  dataplaneContract,
  dataplaneSection,
  type ErrorCounter,
  formatIp6Prefix,
  type InterfaceSection,
  ipfixSection,
  parseIp6Prefix,
  until,
} from '@sluice/shared';
import type { Network, Running } from './network.js';

const MAIN = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

/** An interface `name` over device `device`. */
export function port(
  name: string,
  device: string,
  addresses: string[],
  more: Partial<InterfaceSection> = {},
): InterfaceSection {
  return { name, device, driver: 'af_xdp', vrf: 'default', mtu: 1500, enabled: true, addresses, ...more };
}

export function config(parts: Partial<DataplaneState>): DataplaneState {
  return {
    revision: 1,
    dataplane: { workers: 2, frames: 16_384, reassembly: dataplaneSection.parse({}).reassembly },
    vrfs: [{ name: 'default' }],
    interfaces: [],
    vlans: [],
    bridges: [],
    loopbacks: [],
    tunnels: [],
    routes: [],
    nodes: [],
    ipfix: ipfixSection.parse({}),
    ...parts,
  };
}

export class Gateway {
  readonly runDir = mkdtempSync(join(tmpdir(), 'sluice-dp-'));
  readonly client: ActorClient<typeof dataplaneContract>;
  private process: Running;
  private revision = 0;

  constructor(private readonly network: Network) {
    this.client = connect(dataplaneContract, {
      runDir: this.runDir,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
    this.process = this.launch();
  }

  /** What the process printed, for messages. */
  get log(): string {
    return this.process.output();
  }

  get pid(): number {
    return this.process.child.pid ?? assert.fail('the data plane has no pid');
  }

  /** Applies a configuration, which has to converge at once; IPv6 addresses are there when nobody else has them. */
  async apply(parts: Partial<DataplaneState>): Promise<DataplaneStatus> {
    const status = await this.give(parts);
    assert.deepEqual(status.problems, [], this.log);
    assert.equal(status.converged, true);
    for (const { name, addresses } of parts.interfaces ?? []) {
      const wanted = addresses.map(canonical);
      await until(`${name} has ${wanted.join(', ')}`, async () => {
        const has = (await this.counters()).find((entry) => entry.name === name)?.addresses ?? [];
        return wanted.every((address) => has.includes(address));
      });
    }
    return status;
  }

  /** Applies a configuration. */
  give(parts: Partial<DataplaneState>): Promise<DataplaneStatus> {
    return this.client.request('apply', config({ ...parts, revision: ++this.revision }));
  }

  /** Waits until it has converged by itself. */
  converged(): Promise<DataplaneStatus> {
    return until('converged', async () => {
      const status = await this.client.request('status', {});
      return status.converged && status;
    });
  }

  async counters(): Promise<CountersReport['interfaces']> {
    return (await this.client.request('show-interfaces', {})).interfaces;
  }

  async errors(): Promise<ErrorCounter[]> {
    return (await this.client.request('show-errors', {})).errors;
  }

  /** A counter by its path, such as `ip4-input/bad_checksum`; 0 when it has not moved. */
  async count(path: string): Promise<number> {
    const found = (await this.errors()).find((counter) => `${counter.node}/${counter.reason}` === path);
    return found?.count ?? 0;
  }

  /** The next counters that it publishes. */
  async published(): Promise<CountersReport> {
    let next: CountersReport | null = null;
    const subscription = this.client.subscribe('counters', {
      onSnapshot: () => undefined,
      onEvent: (report) => {
        next ??= report;
      },
    });
    try {
      return await until('counters to be published', () => next);
    } finally {
      subscription.close();
    }
  }

  /** Processor time used so far, in seconds: proc(5), stat, utime and stime in ticks of 1/100 s. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Ends the process by a signal, or waits until it ends by itself, and resolves with its exit code. */
  async end(signal: NodeJS.Signals | null): Promise<number | null> {
    if (signal !== null) this.process.child.kill(signal);
    return (await this.process.ended).code;
  }

  /** Starts the process again, after end(). */
  restart(): void {
    this.process = this.launch();
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.end('SIGKILL');
    rmSync(this.runDir, { recursive: true, force: true });
  }

  private launch(): Running {
    return this.network.startWithMounts(
      this.network.gateway,
      process.execPath,
      '--enable-source-maps',
      MAIN,
      '--run-dir',
      this.runDir,
    );
  }
}

/** An IPv6 prefix as RFC 5952 writes it; IPv4 is written in one way only. */
function canonical(text: string): string {
  const prefix = parseIp6Prefix(text);
  return prefix === null ? text : formatIp6Prefix(prefix);
}
