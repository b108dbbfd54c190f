// One DHCP server in a namespace, and perfdhcp in another as a relay with many clients.
import { fileURLToPath } from 'node:url';
import { Lab, type LabNode } from '@sluice/lab';
import { connect, createLogger, dhcpdContract, dhcpServerSection } from '@sluice/shared';
import type { Round, Side } from '../benchmark.js';

const SERVER = '10.0.0.1';
const CLIENT = '10.0.0.2';
const POOL = '10.1.0.0-10.15.255.255';
const SECONDS = 3;
/** More than are served in a round. */
const CLIENTS = 200_000;
const MAIN = fileURLToPath(new URL('../../../../packages/dhcpd/dist/src/main.js', import.meta.url));

export interface DhcpOptions {
  core: number;
  clientCore: number;
  quick: boolean;
}

type Nodes = { server: LabNode; client: LabNode };

export class DhcpSide implements Side {
  /** Of each round other clients, so that all leases are new. */
  private rounds = 0;

  private constructor(
    readonly name: string,
    private readonly options: DhcpOptions,
    private readonly lab: Lab,
    private readonly client: LabNode,
  ) {}

  static sluice(options: DhcpOptions): Promise<DhcpSide> {
    return DhcpSide.start('Sluice', options, startSluice);
  }

  static kea(options: DhcpOptions): Promise<DhcpSide> {
    return DhcpSide.start('kea-dhcp4', options, startKea);
  }

  private static async start(
    name: string,
    options: DhcpOptions,
    serve: (nodes: Nodes, core: number) => Promise<void>,
  ): Promise<DhcpSide> {
    const lab = await Lab.create({ name: 'bench-dhcp' });
    try {
      const [server, client] = await Promise.all([lab.host('server'), lab.host('client')]);
      await lab.link(server.port('lan', `${SERVER}/8`), client.port('eth0', `${CLIENT}/8`));
      await serve({ server, client }, options.core);
      return new DhcpSide(name, options, lab, client);
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async round(): Promise<Round> {
    const { clientCore, quick } = this.options;
    const base = (++this.rounds).toString(16).padStart(2, '0');
    const { stdout } = await this.client.run(
      [
        ...['taskset', '-c', String(clientCore), 'perfdhcp', '-4', '-l', CLIENT, '-g', 'single'],
        ...['-R', String(CLIENTS), '-b', `mac=02:${base}:00:00:00:00`, '-p', String(quick ? 1 : SECONDS)],
        SERVER,
      ],
      // Messages that were lost while it asked as fast as it can make its status 3.
      { check: false, deadlineMs: 60_000 },
    );
    const rate = /^Rate: ([\d.]+) 4-way exchanges\/second/m.exec(stdout)?.[1];
    if (rate === undefined)
      throw new Error(`perfdhcp reported no rate of ${this.name}: ${stdout.slice(-500)}`);
    return { value: Number(rate) };
  }

  async close(): Promise<void> {
    await this.lab.stop();
  }
}

async function startSluice({ server }: Nodes, core: number): Promise<void> {
  const run = server.path('run');
  const args = [MAIN, '--run-dir', run, '--state-dir', server.path('state')];
  await server.start(['taskset', '-c', String(core), process.execPath, ...args], {
    ready: { log: /"ready"/ },
  });
  const actor = connect(dhcpdContract, {
    runDir: run,
    log: createLogger({ name: 'bench', level: 'silent' }),
  });
  try {
    const section = dhcpServerSection.parse({
      interface: 'lan',
      pools: [{ range: POOL }],
      probe_ms: 0,
      limits: { requests_per_s: 10_000_000, client_requests_per_s: 10_000, leases_per_mac: 1_000_000 },
    });
    await actor.request('apply', {
      revision: 1,
      networks: [{ server: section, vrf: 'default', addresses: [`${SERVER}/8`] }],
      vrfs: [{ name: 'default', addresses: [SERVER] }],
    });
  } finally {
    await actor.close();
  }
}

async function startKea({ server }: Nodes, core: number): Promise<void> {
  const config = {
    Dhcp4: {
      'interfaces-config': { interfaces: ['lan'], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: server.path('leases.csv') },
      'valid-lifetime': 43_200,
      subnet4: [{ id: 1, subnet: '10.0.0.0/8', pools: [{ pool: POOL.replace('-', ' - ') }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stdout' }] }],
    },
  };
  const file = server.writeFile('kea.json', JSON.stringify(config));
  await server.run(['mkdir', '-p', '/run/kea', '/run/lock/kea']);
  await server.start(['taskset', '-c', String(core), 'kea-dhcp4', '-c', file], { ready: { udp: 67 } });
}
