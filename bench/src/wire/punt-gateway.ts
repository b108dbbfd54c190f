// A gateway whose TAP twins carry packets to Linux and from Linux, beside what it forwards.
import { setTimeout as pause } from 'node:timers/promises';
import type { Gateway, LabNode } from '@sluice/lab';
import { DataplaneInTheMiddle } from './dataplane.js';
import { GENERATOR, HOST_DEVICE, macOf, makeTopology, SINK, type Topology, waitForWay } from './topology.js';
import { generate, type Load, XdpProgram } from './traffic.js';
import { closeAll } from './way.js';

/** Octets of a frame without FCS. */
const LENGTH = 60;
const WARM_MS = 300;
/** Of the interfaces, and so of the twins on Linux. */
const NEAR_TWIN = 'near';
const FAR_TWIN = 'far';

/** Packets a second of each kind: 0 for as many as the generator can send, null for none. */
export interface PuntLoad {
  toLinux: number | null;
  fromLinux: number | null;
  forwarded: number | null;
}

/** Packets a second that arrived. */
export interface PuntRates {
  toLinux: number;
  /** Those of Linux and those that were forwarded, at the sink. */
  atSink: number;
}

export class PuntGateway {
  private constructor(
    private readonly topology: Topology<Gateway>,
    private readonly sink: XdpProgram,
    private readonly core: number,
    private readonly parts: { close(): Promise<void> }[],
  ) {}

  static async start(core: number, generatorCore: number): Promise<PuntGateway> {
    const topology = await makeTopology('punt', (lab) => lab.gateway('middle'));
    const parts: { close(): Promise<void> }[] = [{ close: async () => void (await topology.lab.stop()) }];
    try {
      parts.push(await DataplaneInTheMiddle.start(topology.middle, 'af_xdp', core));
      const sink = await XdpProgram.attach(topology.sink, HOST_DEVICE);
      parts.push(sink);
      await waitForWay(topology);
      return new PuntGateway(topology, sink, generatorCore, parts);
    } catch (error) {
      await closeAll(parts);
      throw error;
    }
  }

  async rates(load: PuntLoad, seconds: number): Promise<PuntRates> {
    const { generator, middle } = this.topology;
    await waitForWay(this.topology);
    const toGateway = {
      node: generator,
      fromDevice: HOST_DEVICE,
      toMac: await macOf(middle, GENERATOR.device),
    };
    // As Linux itself would send it: from the gateway, out of the twin of the interface towards the sink.
    const outOfTwin = {
      node: middle,
      fromDevice: FAR_TWIN,
      toMac: await macOf(this.topology.sink, HOST_DEVICE),
    };
    const flows: [number | null, typeof toGateway, { from: string; to: string; sendmmsg?: boolean }][] = [
      [load.toLinux, toGateway, { from: GENERATOR.address, to: GENERATOR.router }],
      [load.fromLinux, outOfTwin, { from: SINK.router, to: SINK.address, sendmmsg: true }],
      [load.forwarded, toGateway, { from: GENERATOR.address, to: SINK.address }],
    ];
    const sending = Promise.all(
      flows.map(([rate, { node, ...ends }, addresses]) =>
        rate === null ? null : this.send(node, { ...ends, ...addresses, rate, seconds }),
      ),
    );
    const [rates] = await Promise.all([this.look(seconds), sending]);
    return rates;
  }

  async close(): Promise<void> {
    await closeAll(this.parts.splice(0));
  }

  private send(node: LabNode, load: Omit<Load, 'length' | 'core'>): Promise<unknown> {
    const more = WARM_MS / 1000 + 0.2;
    return generate(node, {
      ...load,
      length: LENGTH,
      core: this.core,
      seconds: load.seconds + more,
      batch: 16,
    });
  }

  private async look(seconds: number): Promise<PuntRates> {
    await pause(WARM_MS);
    const [before, punted] = [await this.sink.look(), await this.puntedSoFar()];
    await pause(seconds * 1000);
    const [after, puntedAfter] = [await this.sink.look(), await this.puntedSoFar()];
    const took = (after.ns - before.ns) / 1e9;
    return {
      toLinux: (puntedAfter - punted) / took,
      atSink: (after.packets - before.packets) / took,
    };
  }

  private async puntedSoFar(): Promise<number> {
    const file = `/sys/class/net/${NEAR_TWIN}/statistics/rx_packets`;
    return Number((await this.topology.middle.run(['cat', file])).stdout);
  }
}
