// Adjacencies: what a route leads to. One cache line each in shared memory, written by the control side.

export const ADJACENCIES_MAX = 65_536;
/** Int32 words of a row: 64 bytes, one cache line. */
export const ADJ_WORDS = 16;
export const ADJ_SHIFT = 4;

/** Word offsets in a row. */
export const ADJ_KIND = 0;
/** Interface that it leaves by; of ADJ_LOOKUP the VRF that it goes on in. */
export const ADJ_INTERFACE = 1;
/** Largest IP packet that fits, in bytes; of ADJ_MULTIPATH its buckets less one. */
export const ADJ_MTU = 2;
/** Bytes of the link header written before the IP header: 14 for Ethernet, 0 for a tunnel. */
export const ADJ_REWRITE_BYTES = 3;
/**
 * The neighbour's IPv4 address; 0 for a glean adjacency, whose neighbour is the packet's destination.
 * Of ADJ_MULTIPATH its first bucket in the paths (tables/paths.ts).
 */
export const ADJ_NEXT_HOP = 4;
/** 0 while the control side wants to know whether packets leave by it; a rewrite node then stores 1. */
export const ADJ_USED = 5;
/**
 * The Ethernet header, as it is stored before a 4-byte aligned IP header: a 16-bit store at l3 - 14,
 * then 32-bit stores at l3 - 12, l3 - 8 and l3 - 4.
 */
export const ADJ_REWRITE = 6;

/** Masks of the optional nodes of ip4-output and ip6-output on its interface; see graph/arcs.ts. */
export const ADJ_FEATURES_IP4 = 10;
export const ADJ_FEATURES_IP6 = 11;
/** The neighbour's IPv6 address: four words, the most significant first. */
export const ADJ_NEXT_HOP6 = 12;

/** Kinds. Row 0 is ADJ_NO_ROUTE: what an empty FIB entry means. */
export const ADJ_NO_ROUTE = 0;
/** The box's own address. */
export const ADJ_LOCAL = 1;
/** A connected network whose host is not known yet. */
export const ADJ_GLEAN = 2;
/** A neighbour whose link address is being resolved. */
export const ADJ_INCOMPLETE = 3;
/** A neighbour that is known: write its header and send. */
export const ADJ_NEIGHBOUR = 4;
/** Into a tunnel. */
export const ADJ_TUNNEL = 5;
/** Drop in silence. */
export const ADJ_BLACKHOLE = 6;
/** Drop, and tell the sender that the host is unreachable. */
export const ADJ_UNREACHABLE = 7;
/** Drop, and tell the sender that it is forbidden. */
export const ADJ_PROHIBIT = 8;
/** Look up again, in another VRF. This kind and those after it stand for others: see graph/follow-route.ts. */
export const ADJ_LOOKUP = 9;
/** One of several adjacencies, by the hash of the packet's flow. */
export const ADJ_MULTIPATH = 10;
export const ADJ_KINDS = 11;

/** True for the box's adjacency of groups, at word `at`, which names no IPv6 address. */
export function isToAll6(words: Int32Array, at: number): boolean {
  return (
    words[at + ADJ_KIND] === ADJ_LOCAL &&
    (words[at + ADJ_NEXT_HOP6]! |
      words[at + ADJ_NEXT_HOP6 + 1]! |
      words[at + ADJ_NEXT_HOP6 + 2]! |
      words[at + ADJ_NEXT_HOP6 + 3]!) ===
      0
  );
}

export interface NewAdjacency {
  kind: number;
  interface: number;
  mtu: number;
  /** IPv4, signed or unsigned. */
  nextHop?: number;
  nextHop6?: ArrayLike<number>;
}

/** The control side's allocator of rows, and its writes. */
export class AdjacencyTable {
  readonly words: Int32Array;
  private readonly freed: number[] = [];
  private top = 1;
  /** By interface: the masks of its output arcs. */
  private readonly features = new Map<number, { ip4: number; ip6: number }>();

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(ADJACENCIES_MAX * ADJ_WORDS * 4);
  }

  /** A new row. Its kind is stored last, so that a worker never sees half of it. */
  add(row: NewAdjacency): number {
    const index = this.freed.pop() ?? (this.top < ADJACENCIES_MAX ? this.top++ : -1);
    if (index < 0) {
      throw new Error(`all ${ADJACENCIES_MAX} adjacencies are in use: fewer neighbours or next hops fit`);
    }
    const at = index << ADJ_SHIFT;
    this.words[at + ADJ_INTERFACE] = row.interface;
    this.words[at + ADJ_MTU] = row.mtu;
    this.words[at + ADJ_REWRITE_BYTES] = 0;
    this.words[at + ADJ_NEXT_HOP] = (row.nextHop ?? 0) | 0;
    this.words[at + ADJ_USED] = 0;
    for (let i = 0; i < 4; i++) this.words[at + ADJ_NEXT_HOP6 + i] = (row.nextHop6?.[i] ?? 0) | 0;
    const features = this.features.get(row.interface);
    this.words[at + ADJ_FEATURES_IP4] = features?.ip4 ?? 0;
    this.words[at + ADJ_FEATURES_IP6] = features?.ip6 ?? 0;
    Atomics.store(this.words, at + ADJ_KIND, row.kind);
    return index;
  }

  /** Writes the Ethernet header of a neighbour that was not ADJ_NEIGHBOUR, then makes it one. */
  resolve(index: number, destination: Uint8Array, source: Uint8Array, etherType: number): void {
    const at = index << ADJ_SHIFT;
    const header = new Uint8Array(16);
    header.set(destination, 2);
    header.set(source, 8);
    header[14] = etherType >>> 8;
    header[15] = etherType & 0xff;
    const view = new DataView(header.buffer);
    this.words[at + ADJ_REWRITE] = view.getUint16(2, true);
    for (let i = 1; i < 4; i++) this.words[at + ADJ_REWRITE + i] = view.getInt32(i * 4, true);
    this.words[at + ADJ_REWRITE_BYTES] = 14;
    Atomics.store(this.words, at + ADJ_KIND, ADJ_NEIGHBOUR);
  }

  /** Switches the optional nodes of an interface's output arcs: of its adjacencies, and of those to come. */
  setFeatures(interfaceRow: number, ip4: number, ip6: number): void {
    if ((ip4 | ip6) === 0) this.features.delete(interfaceRow);
    else this.features.set(interfaceRow, { ip4, ip6 });
    for (let index = 1; index < this.top; index++) {
      const at = index << ADJ_SHIFT;
      if (this.words[at + ADJ_INTERFACE] !== interfaceRow) continue;
      Atomics.store(this.words, at + ADJ_FEATURES_IP4, ip4);
      Atomics.store(this.words, at + ADJ_FEATURES_IP6, ip6);
    }
  }

  setKind(index: number, kind: number): void {
    Atomics.store(this.words, (index << ADJ_SHIFT) + ADJ_KIND, kind);
  }

  /** From now on wasUsed() says whether packets left by it since. */
  watch(index: number): void {
    Atomics.store(this.words, (index << ADJ_SHIFT) + ADJ_USED, 0);
  }

  wasUsed(index: number): boolean {
    return Atomics.load(this.words, (index << ADJ_SHIFT) + ADJ_USED) !== 0;
  }

  setMtu(index: number, mtu: number): void {
    Atomics.store(this.words, (index << ADJ_SHIFT) + ADJ_MTU, mtu);
  }

  kind(index: number): number {
    return this.words[(index << ADJ_SHIFT) + ADJ_KIND]!;
  }

  nextHop(index: number): number {
    return this.words[(index << ADJ_SHIFT) + ADJ_NEXT_HOP]! >>> 0;
  }

  interface(index: number): number {
    return this.words[(index << ADJ_SHIFT) + ADJ_INTERFACE]!;
  }

  /** Puts a row back. Call it only after every worker has passed a quiescent point. */
  release(index: number): void {
    this.words[(index << ADJ_SHIFT) + ADJ_KIND] = ADJ_NO_ROUTE;
    this.freed.push(index);
  }

  get used(): number {
    return this.top - 1 - this.freed.length;
  }
}
