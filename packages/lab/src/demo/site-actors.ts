// The processes of one gateway, as the demo asks them: the same contracts that the command line uses.
import {
  type ActorClient,
  agentContract,
  connect,
  dataplaneContract,
  type IkeSaReport,
  ikeBridgeContract,
  type Logger,
} from '@sluice/shared';
import type { Gateway } from '../nodes/gateway.js';
import type { Site } from './topology.js';

export class SiteActors {
  readonly agent: ActorClient<typeof agentContract>;
  readonly dataplane: ActorClient<typeof dataplaneContract>;
  readonly ikeBridge: ActorClient<typeof ikeBridgeContract>;

  constructor(
    readonly site: Site,
    readonly gateway: Gateway,
    log: Logger,
  ) {
    const options = { runDir: gateway.runDir, log };
    this.agent = connect(agentContract, options);
    this.dataplane = connect(dataplaneContract, options);
    this.ikeBridge = connect(ikeBridgeContract, options);
  }

  /**
   * True when the agent says that every process has reached the configuration. Throws with what keeps them,
   * so that a wait which ends too late says so.
   */
  async converged(): Promise<boolean> {
    const status = await this.agent.request('status', {}, { deadlineMs: 1000 });
    if (status.converged) return true;
    const open = status.processes
      .filter((entry) => !entry.converged)
      .map((entry) => {
        const why = entry.reachable ? entry.problems.join(', ') || 'has not converged' : 'does not answer';
        return `${entry.process}: ${why}`;
      });
    throw new Error(open.join('; ') || 'the agent has not applied its configuration yet');
  }

  /** The IKE_SA that carries an installed CHILD_SA. Throws with how far it has come while there is none. */
  async tunnel(): Promise<IkeSaReport> {
    const { ike_sas } = await this.ikeBridge.request('show-ike', {});
    const up = ike_sas.find(
      (sa) => sa.state === 'ESTABLISHED' && sa.children.some((child) => child.state === 'INSTALLED'),
    );
    if (up !== undefined) return up;
    const { problems } = await this.ikeBridge.request('status', {});
    const states = ike_sas.map(({ name, state, children }) => {
      const found = children.map((child) => `CHILD_SA ${child.name} ${child.state}`).join(', ');
      return `IKE_SA ${name} is ${state}, with ${found || 'no CHILD_SA'}`;
    });
    throw new Error([...problems, ...states].join('; ') || 'there is no IKE_SA');
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.close(), this.dataplane.close(), this.ikeBridge.close()]);
  }
}
