// A round is what one TCP connection carries through a tunnel.
import type { LabNode } from '@sluice/lab';
import type { Round, Side } from '../benchmark.js';
import { iperf, iperfServer } from './iperf.js';
import { type Sites, waitForTunnel } from './sites.js';

const SECONDS = 4;

export class TunnelTcpSide implements Side {
  private constructor(
    readonly name: string,
    private readonly sites: Sites<LabNode>,
    private readonly quick: boolean,
  ) {}

  /** The sites are the side's from then on. */
  static async make(name: string, sites: Sites<LabNode>, quick: boolean): Promise<TunnelTcpSide> {
    const side = new TunnelTcpSide(name, sites, quick);
    try {
      await iperfServer(sites.hq.host, sites.hq.core);
      return side;
    } catch (error) {
      await side.close();
      throw error;
    }
  }

  /** Gbit/s. */
  async round(): Promise<Round> {
    const { branch, hq } = this.sites;
    await waitForTunnel(this.sites);
    const seconds = this.quick ? 1 : SECONDS;
    const { gbits, retransmits } = await iperf(branch.host, hq.plan.host, branch.core, seconds);
    return { value: gbits, retransmits };
  }

  async close(): Promise<void> {
    await this.sites.lab.stop();
  }
}
