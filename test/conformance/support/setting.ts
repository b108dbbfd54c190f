// A running gateway with stations at its ports: the data plane's own process over veth pairs in the lab.
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { type Gateway, Lab, type LabNode } from '@sluice/lab';
import {
  type ActorClient,
  connect,
  createLogger,
  type DataplaneState,
  type DeviceConfigInput,
  dataplaneContract,
  deviceConfigSchema,
  messageOf,
  type SaSpec,
  tunnelIfId,
  until,
} from '@sluice/shared';
import { Agent, type PortCommand, type RunCommand, type Sentinel } from './agent.js';
import type { Moved, SentPacket } from './case.js';
import { framesInUse } from './counters.js';
import { type SaFields, saSpec } from './sa.js';

const DATAPLANE = fileURLToPath(new URL('../../../../packages/dataplane/dist/src/main.js', import.meta.url));
/** Before an interface's name: the port that is its twin. */
const TWIN = 'twin-';
const LOCAL = { level: 'silent', name: 'conformance' } as const;

/** A port of the gateway: interface `name` over device `<name>0`, wired to the stations' device `name`. */
export interface TopologyPort {
  /** MAC address of the stations' frames, unless an expression says otherwise. */
  mac: string;
  /** Addresses behind the port that answer ARP and neighbour solicitations, with `mac` or one of their own. */
  stations: readonly (string | [address: string, mac: string])[];
  mtu?: number;
}

export interface Topology {
  name: string;
  ports: Record<string, TopologyPort>;
  /** Interfaces are made of the ports; what is here goes over them by name. */
  config: Omit<DeviceConfigInput, 'schema'>;
  /** Constants for expressions: addresses. */
  names: Record<string, string | number>;
  /** Interfaces whose twins are ports too, `twin-<name>`: `tap` or `tun`. */
  twins?: Record<string, 'tap' | 'tun'>;
  /** Packets between ports that delimit cases. */
  sentinels: readonly Sentinel[];
  /** What SAs of cases are by their name, before a case's own fields: `in` and `out` of a tunnel, say. */
  sas?: Record<string, SaFields & Pick<SaSpec, 'direction' | 'src' | 'dst'> & { tunnel: string }>;
  /** Packets that have the gateway resolve the stations before the first case; what comes of them is not looked at. */
  warm?: readonly SentPacket[];
  /** UDP ports of the gateway's Linux that swallow. */
  sinks?: readonly number[];
}

/** Frames of a port, as the stations and as the gateway count them. */
interface Sum {
  sent: number;
  received: number;
  gatewayReceived: number;
  gatewaySent: number;
}
type Sums = Record<string, Sum>;

export class Setting {
  readonly client: ActorClient<typeof dataplaneContract>;
  /** Rounds of sentinels so far. */
  rounds = 0;
  private revision = 0;
  private atStart: Sums | null = null;

  private constructor(
    readonly topology: Topology,
    private readonly lab: Lab,
    readonly gateway: Gateway,
    readonly agent: Agent,
  ) {
    this.client = connect(dataplaneContract, { runDir: gateway.runDir, log: createLogger(LOCAL) });
  }

  /** Everything is gone again when it rejects. */
  static async start(topology: Topology): Promise<Setting> {
    const lab = await Lab.create({ name: `conformance-${topology.name}` });
    let setting: Setting | null = null;
    try {
      const [gateway, stations] = await Promise.all([lab.gateway('gw'), lab.host('stations')]);
      await Promise.all(
        Object.entries(topology.ports).map(([name, { mtu = 1500 }]) =>
          lab.link(gateway.port(`${name}0`), stations.port(name), { mtu }),
        ),
      );
      const [agent] = await Promise.all([Agent.start(stations), startDataplane(gateway)]);
      setting = new Setting(topology, lab, gateway, agent);
      await setting.apply(topology.config);
      await setting.openPorts();
      await setting.quiet();
      setting.atStart = await setting.baseline();
      return setting;
    } catch (error) {
      lab.keepLogs = true;
      await Promise.all([setting?.client.close(), setting?.agent.close()]);
      const logs = await lab.stop();
      throw new Error(`the gateway of ${topology.name} did not start; logs: ${logs}`, { cause: error });
    }
  }

  /** Gives the data plane its part of a configuration, and waits until it does what that says. */
  async apply(config: Topology['config']): Promise<void> {
    const state = dataplaneState({ schema: 1, ...config }, ++this.revision);
    await this.client.request('apply', state);
    await until(
      'the configuration to converge: addresses of IPv6 are looked for on the link first',
      async () => {
        const { converged, problems } = await this.client.request('status', {});
        return converged || Promise.reject(new Error(problems.join('; ')));
      },
    );
  }

  /** What so many rounds of sentinels have moved. */
  sentinelCounts(rounds: number): Moved {
    const counts: Moved = {};
    for (const { counter } of this.topology.sentinels) {
      if (counter !== undefined) counts[counter] = (counts[counter] ?? 0) + rounds;
    }
    return counts;
  }

  /** Runs a step; returns what is wrong, a text each. */
  async run(command: Omit<RunCommand, 'sentinels' | 'rounds' | 'deadline'>): Promise<string[]> {
    const { sentinels } = this.topology;
    this.rounds += ROUNDS;
    return this.agent.run({ ...command, sentinels, rounds: ROUNDS, deadline: DEADLINE_S });
  }

  /** Installs a case's SAs, and tells the expressions of them. */
  async install(sas: Record<string, SaFields>): Promise<Map<string, SaSpec>> {
    const installed = new Map<string, SaSpec>();
    for (const [name, fields] of Object.entries(sas)) {
      const base = this.topology.sas?.[name];
      if (base === undefined) throw new Error(`the topology has no SA "${name}"`);
      const { tunnel, ...of } = base;
      const spec = saSpec({ if_id: tunnelIfId({ name: tunnel }), ...of, ...fields });
      await this.client.request('sa-install', spec);
      await this.agent.sa(name, spec);
      installed.set(name, spec);
    }
    return installed;
  }

  async remove(installed: Map<string, SaSpec>): Promise<void> {
    for (const [name, { dst, spi }] of installed) {
      await this.client.request('sa-remove', { dst, spi });
      await this.agent.sa(name, null);
    }
  }

  /** Waits until a sentinel passes each way: neighbours are resolved, Linux has its twins. */
  async quiet(): Promise<void> {
    const { sentinels, warm = [] } = this.topology;
    await until('sentinels to pass the gateway', async () => {
      await this.agent.run({ send: [], expect: [], watch: [], sentinels, rounds: ROUNDS, deadline: 1 });
      return true;
    });
    await this.agent.run({
      send: warm,
      expect: [],
      watch: [],
      sentinels,
      rounds: ROUNDS,
      deadline: DEADLINE_S,
    });
    await this.agent.run({
      send: [],
      expect: [],
      watch: [],
      sentinels,
      rounds: ROUNDS,
      deadline: DEADLINE_S,
    });
  }

  /** Waits until no frame of the pool carries a packet; returns what was wrong: what came out meanwhile, or frames that are missing. */
  async framesBack(): Promise<string[]> {
    const failures: string[] = [];
    let count = await framesInUse(this.client);
    const back = async (): Promise<boolean> => {
      if (count === 0) return true;
      // A device gives a frame back some time after it was sent: then its worker has to have a look again.
      failures.push(...(await this.run({ send: [], expect: [], watch: [] })));
      count = await framesInUse(this.client);
      return count === 0;
    };
    try {
      const what = (): string => `all frames of the pool to come back, of which ${count} have not`;
      await until(what, back, { deadlineMs: FRAMES_BACK_MS, intervalMs: FRAMES_BACK_STEP_MS });
    } catch (error) {
      failures.push(messageOf(error));
    }
    return failures;
  }

  /** Frames of each port by both sides since the start; what the gateway received are those that were sent. */
  async sumsSinceStart(): Promise<Sums> {
    const now = await this.sums();
    return Object.fromEntries(
      Object.entries(now).map(([name, sum]) => {
        const start = this.atStart?.[name];
        const since = (key: keyof Sum): number => sum[key] - (start?.[key] ?? 0);
        return [
          name,
          {
            sent: since('sent'),
            received: since('received'),
            gatewayReceived: since('gatewayReceived'),
            gatewaySent: since('gatewaySent'),
          },
        ];
      }),
    );
  }

  /**
   * Sums that both sides took of the same frames. The gateway is asked after the stations, and announces its addresses
   * for seconds after its start: what it sends in between is in its own sum only. Then what is between the two sums
   * is something else at the next reading, when sentinels have followed every frame.
   */
  private async baseline(): Promise<Sums> {
    let sums = await this.sums();
    let agreed = 0;
    await until(
      'stations and gateway to have sums of the same frames',
      async () => {
        await this.run({ send: [], expect: [], watch: [] });
        const next = await this.sums();
        agreed = isDeepStrictEqual(differences(sums), differences(next)) ? agreed + 1 : 0;
        sums = next;
        return agreed >= READINGS_AGREED;
      },
      { intervalMs: 0 },
    );
    return sums;
  }

  private async sums(): Promise<Sums> {
    const totals = await this.agent.totals();
    const { interfaces } = await this.client.request('show-interfaces', {});
    const sums: Sums = {};
    for (const [port, { sent, received }] of Object.entries(totals)) {
      const twin = port.startsWith(TWIN);
      const name = twin ? port.slice(TWIN.length) : port;
      const report = interfaces.find((one) => one.name === name);
      if (report === undefined) continue;
      // What Linux itself sends to a twin is not seen from here.
      sums[port] = twin
        ? { sent: 0, received, gatewayReceived: 0, gatewaySent: report.punted }
        : { sent, received, gatewayReceived: report.rx_packets, gatewaySent: report.tx_packets };
    }
    return sums;
  }

  async stop(failed: boolean): Promise<void> {
    this.lab.keepLogs = failed;
    await Promise.all([this.client.close(), this.agent.close()]);
    const logs = await this.lab.stop();
    if (logs !== null) console.error(`logs of the gateway: ${logs}`);
  }

  private async openPorts(): Promise<void> {
    const { ports, twins = {}, sinks = [], names } = this.topology;
    const { interfaces } = await this.client.request('show-interfaces', {});
    const macOf = (name: string): string | null => interfaces.find((one) => one.name === name)?.mac ?? null;
    const { pid } = this.gateway.holder;
    const commands: PortCommand[] = Object.entries(ports).map(([name, port]) => ({
      name,
      device: name,
      pid: null,
      own: port.mac,
      gateway: macOf(name),
      stations: Object.fromEntries(
        port.stations.map((station) => (typeof station === 'string' ? [station, port.mac] : station)),
      ),
    }));
    for (const [name, kind] of Object.entries(twins)) {
      const mac = kind === 'tap' ? macOf(name) : null;
      commands.push({ name: `${TWIN}${name}`, device: name, pid, own: mac, gateway: null, stations: {} });
    }
    await this.agent.open(
      commands,
      sinks.map((port) => ({ pid, port })),
    );
    const macs = commands.flatMap((port) => [
      ...(port.gateway === null ? [] : [[`MAC_${port.name.toUpperCase()}`, port.gateway]]),
      ...(port.own === null ? [] : [[`STATION_${port.name.toUpperCase()}`, port.own]]),
    ]);
    await this.agent.names({ ...names, ...Object.fromEntries(macs) });
  }
}

/** Longer than packets wait for a neighbour, which is 3 s. */
const FRAMES_BACK_MS = 20_000;
const FRAMES_BACK_STEP_MS = 10;
/** Readings one after the other that say the same: the box announces nothing as often as that. */
const READINGS_AGREED = 3;
/** Rounds of sentinels after a step: each passes every hand-over between workers once. */
const ROUNDS = 2;
/** For what must happen. Nothing waits for what must not: sentinels tell. */
const DEADLINE_S = 20;

/** What one side counts more than the other, of each port. */
function differences(sums: Sums): Record<string, [number, number]> {
  return Object.fromEntries(
    Object.entries(sums).map(([port, { sent, received, gatewayReceived, gatewaySent }]) => [
      port,
      [gatewayReceived - sent, gatewaySent - received],
    ]),
  );
}

async function startDataplane(gateway: LabNode & { runDir: string }): Promise<void> {
  await gateway.start([process.execPath, '--enable-source-maps', DATAPLANE, '--run-dir', gateway.runDir], {
    name: 'dataplane',
  });
}

/** The data plane's part of a device configuration, defaults filled in. */
function dataplaneState(config: DeviceConfigInput, revision: number): DataplaneState {
  const { schema: _schema, hostname: _hostname, ike: _ike, ...rest } = deviceConfigSchema.parse(config);
  return { ...rest, revision };
}
