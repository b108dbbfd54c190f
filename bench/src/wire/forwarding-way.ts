// Ways through one system that forwards: the gateway over one of its drivers, or the Linux kernel.
import type { Lab, LabNode } from '@sluice/lab';
import { DataplaneInTheMiddle, type Driver } from './dataplane.js';
import {
  GENERATOR,
  HOST_DEVICE,
  macOf,
  makeTopology,
  receiveOn,
  SINK,
  setOffloads,
  type Topology,
  waitForWay,
} from './topology.js';
import { XdpProgram } from './traffic.js';
import { closeAll, Way } from './way.js';

export interface WayOptions {
  /** The core that forwards. */
  core: number;
  /** Latencies that the sink keeps; none unless told. */
  latencies?: number;
  /** Environment of the gateway's process. */
  env?: Record<string, string>;
}

type Closing = { close(): Promise<void> }[];

export async function sluiceWay(driver: Driver, options: WayOptions): Promise<Way> {
  const topology = await makeTopology(driver, (lab) => lab.gateway('middle'));
  return build(`Sluice ${driver}`, topology, options, async (parts) => {
    parts.push(await DataplaneInTheMiddle.start(topology.middle, driver, options.core, options.env));
    if (driver === 'af_xdp') return;
    // A veth takes XDP frames when it has a program of its own or GRO, which the driver switches off.
    parts.push(await XdpProgram.attach(topology.middle, GENERATOR.device, '--pass'));
  });
}

/**
 * The Linux kernel. `spread`: its work is handed to the core that forwards (RPS); else it stays where packets come in,
 * on the core of the generator, which saves the hand-over.
 */
export async function kernelWay(spread: boolean, options: WayOptions): Promise<Way> {
  const topology = await makeTopology('kernel', (lab: Lab) => lab.router('middle'));
  const name = spread ? 'Linux on a core of its own' : "Linux on the generator's core";
  return build(name, topology, options, async () => {
    for (const device of [GENERATOR.device, SINK.device]) {
      await setOffloads(topology.middle, device, 'on', ['gro']);
      if (!spread) continue;
      await receiveOn(topology.middle, device, options.core);
    }
  });
}

async function build(
  name: string,
  topology: Topology<LabNode>,
  { latencies = 0 }: WayOptions,
  setUp: (parts: Closing) => Promise<void>,
): Promise<Way> {
  const { lab, generator, middle, sink } = topology;
  const parts: Closing = [{ close: async () => void (await lab.stop()) }];
  try {
    await setUp(parts);
    const counting = await XdpProgram.attach(sink, HOST_DEVICE, '--latencies', String(latencies));
    parts.push(counting);
    await waitForWay(topology);
    const ends = {
      ...{ generator, fromDevice: HOST_DEVICE, toMac: await macOf(middle, GENERATOR.device) },
      ...{ from: GENERATOR.address, to: SINK.address, sink: counting },
    };
    return new Way(name, ends, parts);
  } catch (error) {
    await closeAll(parts);
    throw error;
  }
}
