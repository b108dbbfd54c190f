// A data plane that keeps its SAs in memory and can be restarted without them.
import {
  type ActorServer,
  type AuditEvent,
  dataplaneContract,
  type Logger,
  type SaEvent,
  serve,
} from '@sluice/shared';
import { MemorySink } from './xfrm/memory-sink.js';

const refuse = (): never => {
  throw new Error('not part of this data plane');
};

export class FakeDataplane {
  private constructor(
    readonly sink: MemorySink,
    private readonly server: ActorServer<typeof dataplaneContract>,
  ) {}

  static async start(runDir: string, log: Logger): Promise<FakeDataplane> {
    const sink = new MemorySink();
    const status = () => ({ instance: server.instance, revision: 1, converged: true, problems: [] });
    const server: ActorServer<typeof dataplaneContract> = await serve(dataplaneContract, {
      runDir,
      log,
      handlers: {
        apply: status,
        status,
        'delegated-routes': status,
        'sa-install': async (spec) => {
          await sink.install(spec);
          return {};
        },
        'sa-remove': async (key) => {
          const counters = await sink.remove(key);
          return { removed: counters !== null, counters };
        },
        'sa-counters': async (key) => ({ counters: await sink.counters(key) }),
        'sa-dump': async () => ({ instance: server.instance, sas: await sink.dump() }),
        'assign-addresses': ({ tunnels }) => {
          sink.assigned = tunnels;
          return {};
        },
        'show-sa': async () => ({
          sas: (await sink.dump()).map(({ spec: { crypto, ...spec }, counters }) => ({
            ...spec,
            algorithm: crypto.cipher,
            interface: null,
            worker: 0,
            active: true,
            exhausted: false,
            counters,
          })),
        }),
        'show-interfaces': refuse,
        'show-routes': refuse,
        'show-neighbours': refuse,
        'show-bridges': refuse,
        'show-macs': refuse,
        'show-flows': refuse,
        'show-runtime': refuse,
        'show-nodes': refuse,
        'nodes-reload': refuse,
        'show-errors': refuse,
        'clear-counters': refuse,
        'clear-neighbours': refuse,
        'clear-macs': refuse,
        'capture-start': refuse,
        'capture-status': refuse,
        'capture-stop': refuse,
        'trace-start': refuse,
        'trace-read': refuse,
      },
      snapshots: { counters: refuse, sa: () => ({}), audit: () => ({}), status },
    });
    return new FakeDataplane(sink, server);
  }

  tell(event: SaEvent): void {
    this.server.publish('sa', event);
  }

  refused(event: AuditEvent): void {
    this.server.publish('audit', event);
  }

  stop(): Promise<void> {
    return this.server.close();
  }
}
