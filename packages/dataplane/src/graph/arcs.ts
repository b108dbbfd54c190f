// Feature arcs: places in the graph where optional nodes stand between two fixed ones, switched on per interface.
//
// An interface has a mask of bits per arc; a feature has one bit, and features come in the order of their bits. The
// node where an arc begins asks startArc(), a feature continueArc(), and both return what belongs into `next[i]`: the
// dispatcher puts an arc's end and its features behind the nodes that a definition names in `next`.
//
//   ip4-input ── ip4-unicast ──► ip4-lookup ── ip4-output ──► ip4-rewrite       (ip6 likewise)
//                by the interface that             by the interface that
//                the packet came in by             the adjacency leaves by

export const ARCS = {
  /** Every IPv4 packet that came in and whose header is right, before its route is looked up. */
  'ip4-unicast': { end: 'ip4-lookup' },
  /** Every IPv4 packet that leaves, before its TTL and its size are looked at. */
  'ip4-output': { end: 'ip4-rewrite' },
  'ip6-unicast': { end: 'ip6-lookup' },
  'ip6-output': { end: 'ip6-rewrite' },
} as const;

export type ArcName = keyof typeof ARCS;

/** Features of one arc at most; bit 31 would make masks negative. */
export const FEATURE_BITS = 31;

/** Indices of `next` that an arc takes behind a definition's own: its end, and one for each bit. */
export const ARC_NEXTS = 1 + FEATURE_BITS;

/** A feature's place: the order among those of its arc. The gaps are for users' nodes. */
export interface FeaturePlace {
  arc: ArcName;
  bit: number;
}

/**
 * The next of a packet at the start of an arc. `at` is the index of the arc's end, which is the one behind the
 * definition's own `next` (its length), or ARC_NEXTS further for a second arc; `mask` the interface's features.
 */
export function startArc(at: number, mask: number): number {
  return mask === 0 ? at : at + 32 - Math.clz32(mask & -mask);
}

/** The next of a packet that the feature with `bit` lets go on; `at` and `mask` as in startArc. */
export function continueArc(at: number, mask: number, bit: number): number {
  return startArc(at, mask & (-2 << bit));
}
