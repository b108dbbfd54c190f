// generator - middle - sink: three namespaces on two cables, and what forwards between them in the middle.
import { Lab, type LabNode } from '@sluice/lab';

export const GENERATOR = { address: '10.1.0.2', router: '10.1.0.1', device: 'p0' };
export const SINK = { address: '10.2.0.2', router: '10.2.0.1', device: 'p1' };
/** The device of generator and sink. */
export const HOST_DEVICE = 'eth0';

export interface Topology<Middle extends LabNode> {
  lab: Lab;
  generator: LabNode;
  middle: Middle;
  sink: LabNode;
}

/** Middle nodes have devices p0 and p1; a router has its addresses on them. */
export async function makeTopology<Middle extends LabNode>(
  name: string,
  makeMiddle: (lab: Lab) => Promise<Middle>,
): Promise<Topology<Middle>> {
  const lab = await Lab.create({ name: `bench-${name}` });
  try {
    const [generator, middle, sink] = await Promise.all([
      lab.host('generator'),
      makeMiddle(lab),
      lab.host('sink'),
    ]);
    for (const [host, end] of [
      [generator, GENERATOR],
      [sink, SINK],
    ] as const) {
      const addresses = middle.rawPorts ? [] : [`${end.router}/24`];
      await lab.link(host.port(HOST_DEVICE, `${end.address}/24`), middle.port(end.device, ...addresses));
      await host.route('default', end.router);
    }
    return { lab, generator, middle, sink };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

/** Switches features of a device on or off: `offloads(node, 'eth0', 'on', ['tso', 'gso'])`. */
export async function setOffloads(
  node: LabNode,
  device: string,
  state: 'on' | 'off',
  features: readonly string[],
): Promise<void> {
  await node.run(['ethtool', '-K', device, ...features.flatMap((feature) => [feature, state])]);
}

/**
 * Has what a device receives handled by a core, by receive packet steering
 * (Documentation/networking/scaling.rst), and not by that of whoever sent it.
 */
export async function receiveOn(node: LabNode, device: string, core: number): Promise<void> {
  const mask = (2n ** BigInt(core)).toString(16);
  await node.run(['sh', '-c', `echo ${mask} > /sys/class/net/${device}/queues/rx-0/rps_cpus`]);
}

/** Ethernet address of a device. */
export async function macOf(node: LabNode, device: string): Promise<string> {
  const { stdout } = await node.run(['cat', `/sys/class/net/${device}/address`]);
  return stdout.trim();
}

/** Waits until the sink answers the generator: neighbours are known then. */
export async function waitForWay({ generator }: Topology<LabNode>): Promise<void> {
  await generator.run(['ping', '-c', '2', '-i', '0.2', '-W', '5', SINK.address]);
}
