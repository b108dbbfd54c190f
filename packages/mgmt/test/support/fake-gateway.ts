// The processes of a gateway, answering with fixed figures over real sockets.
import { agentContract, type CaptureFilter, type ReplyOf, serve } from '@sluice/shared';
import { fakeDataplane } from './fake-dataplane.js';
import { fakeDhcpd } from './fake-dhcpd.js';
import { fakeIkeBridge } from './fake-ike-bridge.js';
import { SILENT } from './fake-process.js';

export interface FakeGateway {
  /** Filters of the traces that were started. */
  readonly traces: unknown[];
  /** What the agent shows. */
  config: unknown;
  /** Has the agent announce another revision. */
  commit(): void;
  /** Filters of the captures that were started. */
  readonly captures: CaptureFilter[];
  /** What was cleared. */
  readonly cleared: unknown[];
  /** What the next reload answers. */
  reload: ReplyOf<typeof agentContract, 'reload'>;
  stop(): Promise<void>;
}

export async function fakeGateway(runDir: string): Promise<FakeGateway> {
  const dataplane = await fakeDataplane(runDir);
  const bridge = await fakeIkeBridge(runDir);
  const dhcpd = await fakeDhcpd(runDir);

  let revision = 3;
  const agentStatus = () => ({
    instance: agent.instance,
    hostname: 'branch',
    revision,
    converged: false,
    processes: [
      { process: 'dataplane', reachable: true, revision: 3, converged: true, problems: [] },
      {
        process: 'ike-bridge',
        reachable: false,
        revision: null,
        converged: false,
        problems: ['ike-bridge does not answer'],
      },
    ],
    unconfirmed: null,
    warnings: ['Telnet is on for lan'],
  });
  const agent = await serve(agentContract, {
    runDir,
    log: SILENT,
    handlers: {
      status: agentStatus,
      reload: () => gateway.reload,
      'show-config': () => ({ revision: 3, config: gateway.config, text: null }),
      check: () => gateway.reload,
      commit: () => gateway.reload,
      confirm: () => ({ revision: null }),
      history: () => ({ revisions: [] }),
      'show-revision': () => ({ text: null }),
    },
    snapshots: { status: agentStatus },
  });
  const gateway: FakeGateway = {
    traces: dataplane.traces,
    captures: dataplane.captures,
    cleared: dataplane.cleared,
    config: {},
    commit: () => {
      revision++;
      agent.publish('status', agentStatus());
    },
    reload: { revision: 3, changes: [], problems: [], warnings: [] },
    stop: async () => {
      await Promise.all([dataplane.server.close(), bridge.close(), dhcpd.close(), agent.close()]);
    },
  };
  return gateway;
}
