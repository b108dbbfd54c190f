// The answer to a neighbour solicitation, in its place.
import type { NodeContext } from '../graph/context.js';
import { ETHERNET_BYTES, ETHERNET_SOURCE } from '../wire/ethernet.js';
import { ICMP6_TYPE, setIcmp6Checksum } from '../wire/icmp6.js';
import { swap32 } from '../wire/ip4.js';
import {
  copyAddress6,
  IP6_BYTES,
  IP6_DST,
  IP6_HOP_LIMIT,
  IP6_SRC,
  isUnspecifiedAt,
  PROTOCOL_ICMP6,
  writeIp6Start,
} from '../wire/ip6.js';
import {
  NA_FLAGS,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_HOP_LIMIT,
  ND_MESSAGE_BYTES,
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_TARGET,
  NS_BYTES,
  OPTION_TARGET_LINK,
} from '../wire/nd.js';
import { putMac } from './arp-input.js';

/** The MAC address of all nodes, 33:33:00:00:00:01 (RFC 2464 section 7), as putMac takes it. */
const ALL_NODES_MAC0 = 0x3333;
const ALL_NODES_MAC2 = 0x01000000;

/** Turns a solicitation into the advertisement that answers it (section 7.2.4). */
export function answerSolicitation({ pool, interfaces }: NodeContext, packet: number): void {
  const { bytes, u16, i32 } = pool;
  const row = pool.rxInterface[packet]!;
  const ip = pool.l3[packet]!;
  const from = ip + (pool.aux[packet]! & 0xffff);
  const icmp = ip + IP6_BYTES;
  const ethernet = ip - ETHERNET_BYTES;
  const nobody = isUnspecifiedAt(i32, ip + IP6_SRC);
  if (nobody) {
    // To all nodes: nobody has the address that it would go to.
    i32[(ip + IP6_DST) >>> 2] = swap32(0xff020000 | 0);
    i32[(ip + IP6_DST + 4) >>> 2] = 0;
    i32[(ip + IP6_DST + 8) >>> 2] = 0;
    i32[(ip + IP6_DST + 12) >>> 2] = swap32(1);
    putMac(bytes, ethernet, ALL_NODES_MAC0, ALL_NODES_MAC2);
  } else {
    copyAddress6(i32, ip + IP6_SRC, ip + IP6_DST);
    bytes.copyWithin(ethernet, ethernet + ETHERNET_SOURCE, ethernet + ETHERNET_SOURCE + 6);
  }
  putMac(bytes, ethernet + ETHERNET_SOURCE, interfaces.mac0[row]!, interfaces.mac2[row]!);
  copyAddress6(i32, from + ND_TARGET, ip + IP6_SRC);
  writeIp6Start(i32, ip, ND_MESSAGE_BYTES, 0, 0, PROTOCOL_ICMP6);
  bytes[ip + IP6_HOP_LIMIT] = ND_HOP_LIMIT;
  i32[icmp >>> 2] = 0;
  i32[(icmp + NA_FLAGS) >>> 2] = 0;
  bytes[icmp + ICMP6_TYPE] = ND_NEIGHBOUR_ADVERTISEMENT;
  bytes[icmp + NA_FLAGS] = NA_ROUTER | NA_OVERRIDE | (nobody ? 0 : NA_SOLICITED);
  copyAddress6(i32, ip + IP6_SRC, icmp + ND_TARGET);
  bytes[icmp + NS_BYTES] = OPTION_TARGET_LINK;
  bytes[icmp + NS_BYTES + 1] = 1;
  putMac(bytes, icmp + NS_BYTES + 2, interfaces.mac0[row]!, interfaces.mac2[row]!);
  setIcmp6Checksum(u16, bytes, ip, icmp, ND_MESSAGE_BYTES);
  pool.offset[packet] = ethernet;
  pool.length[packet] = ETHERNET_BYTES + IP6_BYTES + ND_MESSAGE_BYTES;
  pool.txInterface[packet] = row;
}
