// What the tables about ESP in tunnel mode share: the packet inside, its outer header, and a case of one that is refused.
import type { Case } from './case.js';
import { wan } from './two-ports.js';

/** Behind the inner IP header, as are the following scapy expressions. */
export const inner = 'UDP(sport=7, dport=8)/payload(48)';
export const inbound = (ttl = 64, more = ''): string =>
  `IP(src=REMOTE, dst=HOST, id=3, ttl=${ttl}${more})/${inner}`;
export const outbound = (ttl = 64, more = ''): string =>
  `IP(src=HOST, dst=REMOTE, id=3, ttl=${ttl}${more})/${inner}`;
export const outer = (more = ''): string => `IP(src=WAN, dst=PEER, ttl=64${more})`;

export const received = { 'tun.rx_packets': 1 };

/** The peer behind a NAT that changed its port. */
export const peerEncap = { encap: { src_port: 4501, dst_port: 4500 } };

/** Sealed packets that are dropped at the port. */
export function refused(
  name: string,
  packets: readonly string[],
  counters: Record<string, number>,
  sa: Case['sas'] = { in: {} },
): Case {
  return { name, sas: sa, send: packets.map((packet) => wan(packet)), counters };
}
