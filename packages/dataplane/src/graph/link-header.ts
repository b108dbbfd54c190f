// Link headers: of a packet that leaves by an adjacency, of either family, and what of a frame is its header.
import type { PacketPool } from '../memory/packet-pool.js';
import { ADJ_INTERFACE, ADJ_REWRITE, ADJ_REWRITE_BYTES, ADJ_USED } from '../tables/adjacencies.js';
import { ETHERNET_BYTES, ETHERNET_TYPE } from '../wire/ethernet.js';
import { TYPE_QINQ, TYPE_VLAN, VLAN_TAG_BYTES } from '../wire/vlan.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const REWRITE = ADJ_REWRITE;
const USED = ADJ_USED;

/**
 * Writes the link header of the adjacency whose words begin at `row` before the IP packet of `size` octets at `ip`, and
 * sets offset, length and txInterface. Returns the header's octets: 0 into a tunnel.
 */
export function writeLinkHeader(
  pool: PacketPool,
  packet: number,
  adjacencies: Int32Array,
  row: number,
  ip: number,
  size: number,
): number {
  const { u16, i32 } = pool;
  const rewrite = adjacencies[row + ADJ_REWRITE_BYTES]!;
  if (rewrite !== 0) putEthernet(u16, i32, adjacencies, row, ip);
  pool.offset[packet] = ip - rewrite;
  pool.length[packet] = size + rewrite;
  pool.txInterface[packet] = adjacencies[row + ADJ_INTERFACE]!;
  return rewrite;
}

/** Writes the Ethernet header of a neighbour before the IP header at `ip`. */
export function putEthernet(
  u16: Uint16Array,
  i32: Int32Array,
  adjacencies: Int32Array,
  row: number,
  ip: number,
): void {
  const word = ip >>> 2;
  u16[(ip - 14) >>> 1] = adjacencies[row + REWRITE]!;
  i32[word - 3] = adjacencies[row + REWRITE + 1]!;
  i32[word - 2] = adjacencies[row + REWRITE + 2]!;
  i32[word - 1] = adjacencies[row + REWRITE + 3]!;
  // Mostly 1 already: a store for every packet would have workers take the cache line from each other.
  if (adjacencies[row + USED] === 0) adjacencies[row + USED] = 1;
}

/** Whether a frame on its way through a bridge may leave by a member of this MTU; its own tags do not count. */
export function fitsMember(pool: PacketPool, packet: number, mtu: number): boolean {
  const at = pool.offset[packet]!;
  let header = ETHERNET_BYTES;
  for (let tags = 0; tags < 2; tags++) {
    const type = pool.u16[(at + ETHERNET_TYPE + tags * VLAN_TAG_BYTES) >>> 1]!;
    if (type !== TYPE_VLAN && type !== TYPE_QINQ) break;
    header += VLAN_TAG_BYTES;
  }
  return pool.length[packet]! - header <= mtu;
}
