// One system that forwards a TCP connection from generator to sink.
import type { LabNode } from '@sluice/lab';
import type { Round, Side } from '../benchmark.js';
import { DataplaneInTheMiddle, type Driver } from './dataplane.js';
import { iperf, iperfServer } from './iperf.js';
import {
  GENERATOR,
  HOST_DEVICE,
  makeTopology,
  SINK,
  setOffloads,
  type Topology,
  waitForWay,
} from './topology.js';

const SECONDS = 4;

export interface TcpOptions {
  /** Whether hosts leave checksums and segmentation to their device, which leaves them to its peer. */
  offloads: boolean;
  /** The core that forwards; client and server have the other. */
  core: number;
  hostCore: number;
  quick: boolean;
}

const OFFLOADS = ['tx', 'tso', 'gso', 'gro'];

export class TcpSide implements Side {
  private readonly parts: { close(): Promise<void> }[] = [];

  private constructor(
    readonly name: string,
    private readonly options: TcpOptions,
    private readonly topology: Topology<LabNode>,
  ) {
    this.parts.push({ close: async () => void (await topology.lab.stop()) });
  }

  static async sluice(driver: Driver, options: TcpOptions): Promise<TcpSide> {
    const topology = await makeTopology(driver, (lab) => lab.gateway('middle'));
    const side = new TcpSide(`Sluice ${driver}`, options, topology);
    return side.prepare(async () => {
      // A lab's cable to a gateway has them off, for AF_XDP's sake.
      if (options.offloads) await setMiddle(topology.middle, 'on');
      side.parts.push(await DataplaneInTheMiddle.start(topology.middle, driver, options.core));
    });
  }

  static async kernel(options: TcpOptions): Promise<TcpSide> {
    const topology = await makeTopology('kernel', (lab) => lab.router('middle'));
    const side = new TcpSide('Linux', options, topology);
    return side.prepare(() => setMiddle(topology.middle, options.offloads ? 'on' : 'off'));
  }

  private async prepare(setUpMiddle: () => Promise<void>): Promise<TcpSide> {
    const { generator, sink } = this.topology;
    const { offloads, hostCore } = this.options;
    try {
      for (const host of [generator, sink]) {
        await setOffloads(host, HOST_DEVICE, offloads ? 'on' : 'off', OFFLOADS);
      }
      await setUpMiddle();
      await iperfServer(sink, hostCore);
      await waitForWay(this.topology);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async round(): Promise<Round> {
    const { hostCore, quick } = this.options;
    const { gbits, retransmits } = await iperf(
      this.topology.generator,
      SINK.address,
      hostCore,
      quick ? 1 : SECONDS,
    );
    return { value: gbits, retransmits };
  }

  async close(): Promise<void> {
    for (const part of this.parts.splice(0).reverse()) await part.close();
  }
}

async function setMiddle(middle: LabNode, state: 'on' | 'off'): Promise<void> {
  for (const { device } of [GENERATOR, SINK]) await setOffloads(middle, device, state, OFFLOADS);
}
