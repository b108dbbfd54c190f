// A round is what one TCP connection carries through a tunnel.
import type { LabNode } from '@sluice/lab';
import type { Round, Side } from '../benchmark.js';
import { iperf, iperfServer } from './iperf.js';
import { type Sites, waitForTunnel } from './sites.js';

const SECONDS = 4;

export class TunnelTcpSide implements Side {
  private served = false;

  constructor(
    readonly name: string,
    private readonly sites: Sites<LabNode>,
    private readonly quick: boolean,
  ) {}

  /** Gbit/s. */
  async round(): Promise<Round> {
    const { branch, hq } = this.sites;
    if (!this.served) await iperfServer(hq.host, hq.core);
    this.served = true;
    await waitForTunnel(this.sites);
    const seconds = this.quick ? 1 : SECONDS;
    const { gbits, retransmits } = await iperf(branch.host, hq.plan.host, branch.core, seconds);
    return { value: gbits, retransmits };
  }

  async close(): Promise<void> {
    // The sites are whose who made them.
  }
}
