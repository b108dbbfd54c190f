// The data plane as a process among others: its contract, answered.
import {
  type ActorServer,
  type DataplaneState,
  type DataplaneStatus,
  dataplaneContract,
  type ErrorCounter,
  type FlowsReport,
  type Logger,
  SluiceError,
  serve,
} from '@sluice/shared';
import { LARGE_FRAMES } from '../memory/packet-pool.js';
import { Dataplane } from './dataplane.js';
import { reportFlows } from './flows/flow-reports.js';
import { monotonicMs } from './monotonic.js';

/** How often counters are published while anyone may watch. */
const COUNTERS_MS = 1_000;
/** Of thousands of SAs and interfaces they take longer: at most a share of the time goes to them. */
const COUNTERS_SHARE = 20;
/** How long a request waits for the first configuration: after a start, the agent brings it. */
const FIRST_STATE_MS = 4_000;

export interface DataplaneActorOptions {
  runDir: string;
  log: Logger;
  died(error: Error): void;
}

export class DataplaneActor {
  private dataplane: Dataplane | null = null;
  private server!: ActorServer<typeof dataplaneContract>;
  private counters: NodeJS.Timeout | null = null;
  private logged = '';
  private closed = false;
  private waiting: ((dataplane: Dataplane) => void)[] = [];

  private constructor(private readonly options: DataplaneActorOptions) {}

  static async start(options: DataplaneActorOptions): Promise<DataplaneActor> {
    const actor = new DataplaneActor(options);
    actor.server = await serve(dataplaneContract, {
      runDir: options.runDir,
      log: options.log,
      handlers: {
        apply: (state) => actor.apply(state),
        status: () => actor.status(),
        'delegated-routes': async ({ routes }) => {
          await (await actor.ready()).convergence.delegate(routes);
          return actor.status();
        },
        'sa-install': async (spec) => {
          (await actor.ready()).sas.install(spec, monotonicMs());
          return {};
        },
        'sa-remove': async (key) => {
          const counters = (await actor.ready()).sas.remove(key, monotonicMs());
          return { removed: counters !== null, counters };
        },
        'sa-counters': (key) => ({ counters: actor.dataplane?.sas.counters(key) ?? null }),
        'sa-dump': () => ({ instance: actor.server.instance, sas: actor.dataplane?.sas.dump() ?? [] }),
        'assign-addresses': async ({ tunnels }) => {
          await (await actor.ready()).convergence.assign(tunnels);
          return {};
        },
        'show-interfaces': ({ since }) => {
          const { dataplane } = actor;
          const all = dataplane?.reports.interfaces() ?? [];
          return { interfaces: since === 'start' ? all : (dataplane?.clearing.interfaceReports(all) ?? []) };
        },
        'show-routes': ({ vrf, limit }) => {
          const { dataplane } = actor;
          const routes = dataplane?.routeReports.list(dataplane.vrfs(vrf), dataplane.vrfs()) ?? [];
          return { routes: routes.slice(0, limit), total: routes.length };
        },
        'show-neighbours': () => ({
          neighbours: actor.dataplane?.reports.neighbourReports(monotonicMs()) ?? [],
        }),
        'show-bridges': () => ({ bridges: actor.dataplane?.bridgeReports.bridges() ?? [] }),
        'show-macs': ({ limit }) => {
          const macs = actor.dataplane?.bridgeReports.macs(monotonicMs()) ?? [];
          return { macs: macs.slice(0, limit), total: macs.length };
        },
        'show-sa': () => ({ sas: actor.dataplane?.sas.reports() ?? [] }),
        'show-runtime': () => ({
          workers: actor.dataplane?.reports.workerReports() ?? [],
          nodes: actor.dataplane?.reports.nodeReports() ?? [],
          frames: actor.dataplane?.shared.frames ?? 0,
          frames_free: actor.dataplane?.framesFree ?? 0,
          large_frames: LARGE_FRAMES,
          large_frames_free: actor.dataplane?.largeFramesFree ?? 0,
        }),
        'show-flows': ({ limit }) => actor.flows(limit),
        'show-nodes': () => ({ nodes: actor.dataplane?.userNodes.reports() ?? [] }),
        'nodes-reload': async () => {
          await (await actor.ready()).reloadUserNodes();
          return actor.status();
        },
        'show-errors': async ({ since }) => {
          const all = await actor.errors();
          return { errors: since === 'start' ? all : (actor.dataplane?.clearing.errors(all) ?? []) };
        },
        'clear-counters': async ({ of, interface: only }) => {
          const { clearing, reports } = await actor.ready();
          if (of === 'errors') clearing.clearErrors(await actor.errors());
          else clearing.clearInterfaces(reports.interfaces(), only);
          return {};
        },
        'clear-neighbours': async (wanted) => ({
          cleared: (await actor.ready()).clearing.clearNeighbours(wanted, monotonicMs()),
        }),
        'clear-macs': async (wanted) => ({ cleared: (await actor.ready()).clearing.clearMacs(wanted) }),
        'capture-start': async (filter) => (await actor.ready()).captures.start(filter, monotonicMs()),
        'capture-status': async () => (await actor.ready()).captures.status(monotonicMs()),
        'capture-stop': async () => (await actor.ready()).captures.stop(),
        'trace-start': async (filter) => {
          await (await actor.ready()).traceStart(filter);
          return {};
        },
        'trace-read': async () => ({ packets: (await actor.dataplane?.traceRead()) ?? [] }),
      },
      snapshots: {
        counters: () => actor.countersReport(),
        sa: () => ({}),
        audit: () => ({}),
        status: () => actor.status(),
      },
    });
    actor.publishCounters();
    options.log.info({ instance: actor.server.instance }, 'data plane is waiting for its configuration');
    return actor;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.counters !== null) clearTimeout(this.counters);
    await this.server.close();
    await this.dataplane?.close();
  }

  private publishCounters(): void {
    const begun = monotonicMs();
    this.server.publish('counters', this.countersReport());
    const restMs = Math.max(COUNTERS_MS, COUNTERS_SHARE * (monotonicMs() - begun));
    if (!this.closed) this.counters = setTimeout(() => this.publishCounters(), restMs);
  }

  private async apply(state: DataplaneState): Promise<DataplaneStatus> {
    const { log, runDir, died } = this.options;
    if (this.dataplane === null) {
      const { workers, frames } = state.dataplane;
      log.info({ workers, frames }, 'starting the workers');
      const dataplane = new Dataplane(state, {
        runDir,
        died,
        note: (text) => log.warn(text),
        publishSaEvent: (event) => this.server.publish('sa', event),
        userNodeFailed: ({ packetHex, ...fault }, worker) => {
          log.error({ ...fault, packet: packetHex, worker }, 'a node failed on a packet and is off');
          void dataplane.convergence.again();
        },
        publishAudit: (event) => {
          log.warn(event, 'IPsec refused packets');
          this.server.publish('audit', event);
        },
      });
      this.dataplane = dataplane;
      dataplane.interfaces.onLink(({ name, row }) =>
        log.info({ interface: name, up: dataplane.interfaces.isUp(row) }, 'an interface'),
      );
      dataplane.convergence.onChange = () => {
        const status = this.status();
        // Attempts are repeated every second while something is missing: only what is new is worth a line.
        const { revision, converged, problems } = status;
        const text = JSON.stringify({ revision, converged, problems });
        if (text !== this.logged) log.info({ revision, converged, problems }, 'applied');
        this.logged = text;
        this.server.publish('status', status);
      };
    }
    await this.dataplane.convergence.apply(state);
    for (const resolve of this.waiting.splice(0)) resolve(this.dataplane);
    return this.status();
  }

  /** The data plane once it has its first configuration: SAs may arrive before it. */
  private ready(): Promise<Dataplane> {
    const { dataplane } = this;
    if (dataplane !== null && dataplane.convergence.revision !== null) return Promise.resolve(dataplane);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((waiter) => waiter !== done);
        reject(
          new SluiceError('not-ready', 'the data plane has no configuration yet: is the agent running?'),
        );
      }, FIRST_STATE_MS);
      const done = (ready: Dataplane): void => {
        clearTimeout(timer);
        resolve(ready);
      };
      this.waiting.push(done);
    });
  }

  /** Every counter that has moved since the start. */
  private async errors(): Promise<ErrorCounter[]> {
    const { dataplane } = this;
    return dataplane === null ? [] : dataplane.reports.errors(await dataplane.lossesAround());
  }

  private flows(limit: number): FlowsReport {
    const { dataplane } = this;
    if (dataplane === null) return { flows: [], total: 0, max_flows: 0, not_metered: 0, collectors: [] };
    const vrfs = dataplane.vrfs();
    const { flows, interfaces, reports } = dataplane;
    const names = {
      interface: (row: number) => interfaces.ofRow(row)?.name ?? null,
      vrf: (id: number) => vrfs.find((vrf) => vrf.id === id)?.name ?? null,
    };
    return {
      ...reportFlows(flows.tables, flows.exporter.collectors, limit, names),
      not_metered:
        reports.count('ip4-flow-meter', 'flows_not_metered') +
        reports.count('ip6-flow-meter', 'flows_not_metered'),
    };
  }

  private status(): DataplaneStatus {
    const convergence = this.dataplane?.convergence;
    return {
      instance: this.server.instance,
      revision: convergence?.revision ?? null,
      converged: convergence?.converged ?? false,
      problems: convergence?.problems ?? [],
    };
  }

  private countersReport(): ReturnType<Dataplane['reports']['counters']> {
    const { dataplane } = this;
    if (dataplane === null) {
      return { at_ms: Date.now(), interfaces: [], workers: [], sas: [], drops: 0, frames: 0, frames_free: 0 };
    }
    return dataplane.reports.counters(Date.now(), {
      sas: dataplane.sas.reports(),
      frames: dataplane.shared.frames,
      frames_free: dataplane.framesFree,
    });
  }
}
