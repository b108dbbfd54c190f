// Asks the processes of a gateway for what a scrape shows.
import {
  type ActorClient,
  agentContract,
  connect,
  dataplaneContract,
  dhcpdContract,
  type InterfaceReport,
  ikeBridgeContract,
  type Logger,
} from '@sluice/shared';
import type { Figures } from './metrics.js';

/** Prometheus gives up after 10 s; a process that is not there must not cost the others their figures. */
const DEADLINE = { deadlineMs: 3_000 };

export class FigureSource {
  private readonly agent: ActorClient<typeof agentContract>;
  private readonly dataplane: ActorClient<typeof dataplaneContract>;
  private readonly ike: ActorClient<typeof ikeBridgeContract>;
  private readonly dhcpd: ActorClient<typeof dhcpdContract>;

  constructor(runDir: string, log: Logger) {
    const options = { runDir, log };
    this.agent = connect(agentContract, options);
    this.dataplane = connect(dataplaneContract, options);
    this.ike = connect(ikeBridgeContract, options);
    this.dhcpd = connect(dhcpdContract, options);
  }

  async read(): Promise<Omit<Figures, 'syslog' | 'snmp'>> {
    const [agent, dataplane, ike, dhcp] = await Promise.all([
      orNull(this.agent.request('status', {}, DEADLINE)),
      orNull(this.readDataplane()),
      orNull(this.readIke()),
      orNull(this.dhcpd.request('show-dhcp', {}, DEADLINE)),
    ]);
    return { agent, dataplane, ike, dhcp };
  }

  /** Errors: SluiceError when the data plane does not answer. */
  async interfaces(): Promise<InterfaceReport[]> {
    return (await this.dataplane.request('show-interfaces', { since: 'start' }, DEADLINE)).interfaces;
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.close(), this.dataplane.close(), this.ike.close(), this.dhcpd.close()]);
  }

  private async readDataplane(): Promise<Figures['dataplane']> {
    const [{ interfaces }, { errors }, runtime, { sas }, flows] = await Promise.all([
      this.dataplane.request('show-interfaces', { since: 'start' }, DEADLINE),
      this.dataplane.request('show-errors', { since: 'start' }, DEADLINE),
      this.dataplane.request('show-runtime', {}, DEADLINE),
      this.dataplane.request('show-sa', {}, DEADLINE),
      this.dataplane.request('show-flows', { limit: 0 }, DEADLINE),
    ]);
    const { workers, nodes, frames, frames_free: framesFree } = runtime;
    return { interfaces, errors, workers, nodes, sas, flows, frames, framesFree };
  }

  private async readIke(): Promise<Figures['ike']> {
    const [{ charon }, { ike_sas: ikeSas }] = await Promise.all([
      this.ike.request('status', {}, DEADLINE),
      this.ike.request('show-ike', {}, DEADLINE),
    ]);
    return {
      charonUp: charon === 'up',
      ikeSas: {
        established: ikeSas.filter(({ state }) => state === 'ESTABLISHED').length,
        children: ikeSas.flatMap(({ children }) => children).filter(({ state }) => state === 'INSTALLED')
          .length,
      },
    };
  }
}

/** A process that does not answer is a figure of its own: sluice_process_up. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
