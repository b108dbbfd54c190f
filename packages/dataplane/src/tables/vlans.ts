// Which tags lead to which VLAN sub-interface: a word of the tags, in the scope of the parent's row → the row of the
// sub-interface (tables/hash-u32.ts).
//
//   bits 0–11   VID of the outer tag
//   bits 12–23  VID of the inner tag; 0 when there is one tag only
//   bit 24      the outer tag is an S-TAG (0x88a8)

export const TAGS_INNER_SHIFT = 12;
export const TAGS_QINQ = 1 << 24;

/** The word of a pair of tags; the inner one has always type 0x8100. */
export function tagsOf(outer: number, inner: number, qinq: boolean): number {
  return outer | (inner << TAGS_INNER_SHIFT) | (qinq ? TAGS_QINQ : 0);
}
