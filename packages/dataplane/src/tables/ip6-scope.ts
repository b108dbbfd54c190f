// Link-local addresses (RFC 4007): each interface is a zone of its own, so the same address may be on all of them.
//
// They are in one table of the IPv6 FIB, a VRF number that no VRF of the configuration gets, with the interface's row
// in the bits 16 to 31 of the address, which are zero in every link-local address (RFC 4291 section 2.5.6). No route
// of a VRF is ever met there: what is to a link-local address leaves by the interface that it came in by, or not at all.
import type { Ip6Words } from '@sluice/shared/net';

/** VRFs of the configuration have lower numbers. */
export const LINK_LOCAL_VRF = 4095;

const LINK_LOCAL = 0xfe800000 | 0;
const LINK_LOCAL_MASK = 0xffc00000 | 0;

/** True for the first word of an address of fe80::/10, signed or unsigned. */
export function isLinkLocalWord(w0: number): boolean {
  return (w0 & LINK_LOCAL_MASK) === LINK_LOCAL;
}

/** The first word of a link-local address in the zone of an interface; one that no route has when its zero bits are not. */
export function zoneWord(w0: number, row: number): number {
  return (w0 & 0xffff) === 0 ? w0 | row : w0 & 0xffff0000;
}

/** Where the control side puts a route to an address or network that is seen by an interface of a VRF. */
export function scopeOf(vrf: number, row: number, address: Ip6Words): { vrf: number; address: Ip6Words } {
  if (!isLinkLocalWord(address[0])) return { vrf, address };
  const [w0, w1, w2, w3] = address;
  return { vrf: LINK_LOCAL_VRF, address: [zoneWord(w0, row) >>> 0, w1, w2, w3] };
}

/** The address of a route as people write it: without the zone. */
export function withoutZone(address: Ip6Words): Ip6Words {
  const [w0, w1, w2, w3] = address;
  return isLinkLocalWord(w0) ? [(w0 & 0xffff0000) >>> 0, w1, w2, w3] : address;
}

/** The link-local address of an Ethernet interface: its MAC address as a modified EUI-64 (RFC 2464 section 5). */
export function linkLocalOf(mac: Uint8Array): Ip6Words {
  const word = (a: number, b: number, c: number, d: number): number =>
    ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return [0xfe800000, 0, word(mac[0]! ^ 2, mac[1]!, mac[2]!, 0xff), word(0xfe, mac[3]!, mac[4]!, mac[5]!)];
}
