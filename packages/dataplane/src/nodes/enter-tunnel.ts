// What every tunnel does with a packet that came out of it: from here on the tunnel interface has received it.
import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { FLAG_DECRYPTED, FLAG_TRACE } from '../memory/packet-pool.js';
import { TUNNEL_POLICY, TUNNEL_SHIFT } from '../tables/tunnels.js';
import { decapsulate, ECN, trafficClass } from '../wire/ecn.js';
import { IP4_BYTES } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';

/** The inner packet of `size` octets at `ip` as received by the interface `row`, in its VRF. */
export function enterTunnel(
  { pool, interfaces, interfaceCounters }: NodeContext,
  packet: number,
  row: number,
  ip: number,
  size: number,
): void {
  pool.offset[packet] = ip;
  pool.l3[packet] = ip;
  pool.length[packet] = size;
  pool.rxInterface[packet] = row;
  pool.vrf[packet] = interfaces.vrf[row]!;
  const at = row << INTERFACE_COUNTERS_SHIFT;
  interfaceCounters[at + INTERFACE_RX_PACKETS]!++;
  interfaceCounters[at + INTERFACE_RX_BYTES]! += size;
}

/**
 * The same out of GRE or IPIP, whose outer header is at l3; `family` is what the outer header says is inside. False
 * when the path marked congestion that its sender would not understand (RFC 6040 section 4.2): then nothing changed.
 */
export function enterFromClear(
  context: NodeContext,
  packet: number,
  row: number,
  ip: number,
  end: number,
  family: number,
): boolean {
  const { pool } = context;
  const { bytes, flags } = pool;
  // A header that is short, or of another version than was said, is left to ip4-input and ip6-input.
  if (end - ip >= (family === 4 ? IP4_BYTES : IP6_BYTES) && bytes[ip]! >>> 4 === family) {
    const outside = trafficClass(bytes, pool.l3[packet]!);
    const policy = context.tunnels[(row << TUNNEL_SHIFT) + TUNNEL_POLICY]! & ECN;
    // The DSCP stays the inner one (RFC 2983 section 3.1, pipe model): it is of the network that it came from.
    if (!decapsulate(bytes, pool.u16, outside, ip, policy)) return false;
  }
  flags[packet] = flags[packet]! & (FLAG_TRACE | FLAG_DECRYPTED);
  enterTunnel(context, packet, row, ip, end - ip);
  return true;
}
