// VLAN tags (IEEE 802.1Q-2018 clause 9): four octets between the MAC addresses and the type, one tag behind another.
//
//   type 0x8100 or 0x88a8 | PCP, 3 bits | DEI, 1 bit | VID, 12 bits

/** A customer's tag (C-TAG), and a provider's (S-TAG, 802.1ad). */
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_QINQ = 0x88a8;

export const VLAN_TAG_BYTES = 4;
/** In a frame whose first tag this is. */
export const VLAN_TCI = 14;

export const VID_MASK = 0xfff;
/** PCP and DEI above the VID. */
export const VLAN_PRIORITY_SHIFT = 12;

/** No VLAN: such a tag carries a priority only (clause 9.6). */
export const VID_PRIORITY = 0;

/** The ethertypes as a little-endian 16-bit load finds them. */
export const TYPE_VLAN = 0x0081;
export const TYPE_QINQ = 0xa888;

/**
 * Moves the MAC addresses of the frame at `at`, which is 2 modulo 4, by a number of tags: towards the end, over tags that
 * go, when positive; towards the front, before tags to come, when negative. Returns where the frame begins then.
 */
export function moveMacs(u16: Uint16Array, i32: Int32Array, at: number, tags: number): number {
  const first = u16[at >>> 1]!;
  const second = i32[(at + 2) >>> 2]!;
  const third = i32[(at + 6) >>> 2]!;
  const last = u16[(at + 10) >>> 1]!;
  const to = at + tags * VLAN_TAG_BYTES;
  u16[to >>> 1] = first;
  i32[(to + 2) >>> 2] = second;
  i32[(to + 6) >>> 2] = third;
  u16[(to + 10) >>> 1] = last;
  return to;
}
