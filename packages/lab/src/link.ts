// A cable between two nodes: a veth pair, made where it belongs, so that no name is taken on the machine.
import type { Port } from './nodes/node.js';
import { runCommand } from './system/command.js';
import { NETNS_ROOT } from './system/paths.js';

export interface LinkOptions {
  /** Octets of the largest IP packet, at both ends; 1500 unless told. */
  mtu?: number;
  /**
   * Mbit/s in each direction, by a token bucket at the end that sends. A gateway sends past its device's queue,
   * so that only what comes to it is held to the rate.
   */
  rateMbit?: number;
  /** Queues of each device (receive and transmit); 1 unless told. The sender's flow hash chooses among them. */
  queues?: number;
}

/**
 * Between two kernels, a veth pair hands over packets whose checksum nobody has computed yet and TCP segments
 * of 64 KiB, with a note for the next kernel to finish them if they ever leave the machine. AF_XDP and AF_PACKET
 * hand a gateway the frame without the note: it would see wrong checksums and frames larger than the MTU.
 * So the kernel finishes them itself at a device that sends to a gateway (tx, tso, gso), and neither end
 * gathers what it receives (gro).
 */
const OFFLOADS = ['tx', 'tso', 'gso', 'gro'];

/** Room in the bucket for a burst; it must hold what comes in one timer tick (tc-tbf(8)). */
const BURST_OCTETS_PER_MBIT = 1250;
const BURST_OCTETS_MIN = 32 * 1024;

export async function makeLink(a: Port, b: Port, options: LinkOptions): Promise<void> {
  const device = (port: Port): string[] => [
    ...['name', port.device, 'netns', port.node.namespace, 'mtu', String(options.mtu ?? 1500)],
    ...['numrxqueues', String(options.queues ?? 1), 'numtxqueues', String(options.queues ?? 1)],
  ];
  await runCommand(['ip', 'link', 'add', ...device(a), 'type', 'veth', 'peer', ...device(b)], {
    where: `(${a.node.name} to ${b.node.name})`,
  });
  const raw = a.node.rawPorts || b.node.rawPorts;
  await Promise.all([a, b].map((port) => setUpEnd(port, raw, options)));
}

async function setUpEnd(port: Port, raw: boolean, options: LinkOptions): Promise<void> {
  const { node, device } = port;
  const where = `in ${node.name}`;
  if (raw) {
    const off = OFFLOADS.flatMap((feature) => [feature, 'off']);
    await runCommand([...inNetwork(port), 'ethtool', '-K', device, ...off], { where });
  }
  if (options.rateMbit !== undefined && !node.rawPorts) {
    await runCommand(['tc', '-n', node.namespace, ...tokenBucket(device, options.rateMbit)], { where });
  }
  const lines = [
    ...port.addresses.map((address) => `addr add ${address} dev ${device}`),
    ...node.portSetup(device),
    `link set ${device} up`,
  ];
  await runCommand(['ip', '-n', node.namespace, '-batch', '-'], { input: `${lines.join('\n')}\n`, where });
}

/** For programs that know no namespaces themselves and need only the network: cheaper than entering the node. */
function inNetwork(port: Port): string[] {
  return ['nsenter', `--net=${NETNS_ROOT}/${port.node.namespace}`, '--'];
}

function tokenBucket(device: string, rateMbit: number): string[] {
  const burst = Math.max(BURST_OCTETS_MIN, Math.ceil(rateMbit * BURST_OCTETS_PER_MBIT));
  const shape = ['rate', `${rateMbit}mbit`, 'burst', String(burst), 'latency', '50ms'];
  return ['qdisc', 'add', 'dev', device, 'root', 'tbf', ...shape];
}
