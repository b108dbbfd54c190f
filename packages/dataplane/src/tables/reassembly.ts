// Reassembly: one worker's fragments that wait for the rest of their datagram, in lists by offset (RFC 815 shows
// that nothing else need be kept). Knows offsets and lengths only: headers are the nodes'.
//
// A fragment stays in the frame it came in until its datagram is whole; then each is copied once, behind the first
// one in its own frame, or into a large frame when that has no room.
import { PACKET_START, type PacketPool } from '../memory/packet-pool.js';
import { FragmentContexts, type FragmentKey, NONE } from './fragment-contexts.js';

/** Of one worker. */
export interface ReassemblyLimits {
  timeoutMs: number;
  datagrams: number;
  /** Of one datagram. */
  fragments: number;
  /** Frames that wait, of all datagrams. */
  frames: number;
}

/** What add() says of a fragment. The others are reasons for which its whole datagram is refused. */
export const WAITS = 0;
export const WHOLE = 1;
export const DUPLICATE = 2;
export const OVERLAP = 3;
export const BAD_END = 4;
export const TOO_MANY = 5;

/** Bytes that stay free behind a datagram in a frame: it may be sealed into a tunnel again. */
const TAIL_ROOM = 128;

export class Reassembly {
  readonly contexts: FragmentContexts;
  /** Fragments held. */
  held = 0;
  /** Packets that release() took out. */
  readonly released: Int32Array;
  /** Per context: what later fragments of a refused datagram are dropped for; 0 while it is not refused. */
  readonly refusal: Uint8Array;
  /** Per context: a bit for each ECN codepoint that its fragments had (RFC 3168 section 5.3). */
  readonly ecn: Uint8Array;
  private readonly heldBy: Int32Array;
  private readonly head: Int32Array;
  private readonly tail: Int32Array;
  private readonly count: Int32Array;
  private readonly bytes: Int32Array;
  /** Length of the whole datagram's payload; NONE before the last fragment tells. */
  private readonly end: Int32Array;
  /** Fragments, by slot: packet, first octet and the one behind the last, where the payload lies; neighbours. */
  private readonly packet: Int32Array;
  private readonly start: Int32Array;
  private readonly stop: Int32Array;
  private readonly payload: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private freeSlot = 0;

  constructor(
    readonly limits: ReassemblyLimits,
    vrfs: number,
    key: FragmentKey,
  ) {
    const { datagrams, frames } = limits;
    this.contexts = new FragmentContexts(datagrams, vrfs, key);
    this.released = new Int32Array(frames);
    this.refusal = new Uint8Array(datagrams);
    this.ecn = new Uint8Array(datagrams);
    this.heldBy = new Int32Array(vrfs);
    this.head = new Int32Array(datagrams);
    this.tail = new Int32Array(datagrams);
    this.count = new Int32Array(datagrams);
    this.bytes = new Int32Array(datagrams);
    this.end = new Int32Array(datagrams);
    this.packet = new Int32Array(frames);
    this.start = new Int32Array(frames);
    this.stop = new Int32Array(frames);
    this.payload = new Int32Array(frames);
    this.next = Int32Array.from({ length: frames }, (_, i) => (i + 1 < frames ? i + 1 : NONE));
    this.previous = new Int32Array(frames);
  }

  /** A new context of the key; the caller has asked contexts.mayAdd. */
  open(vrf: number): number {
    const row = this.contexts.add(vrf);
    this.head[row] = NONE;
    this.tail[row] = NONE;
    this.count[row] = 0;
    this.bytes[row] = 0;
    this.end[row] = NONE;
    this.refusal[row] = 0;
    this.ecn[row] = 0;
    return row;
  }

  /** True when a VRF may have one more fragment wait: no more than are free, as with contexts. */
  mayHold(vrf: number): boolean {
    return this.heldBy[vrf]! < this.limits.frames - this.held;
  }

  /**
   * Takes a fragment with the octets from `start` to `stop` of its datagram's payload, which lie at `at`; the caller
   * has asked mayHold. With WAITS and WHOLE it is in the list from now on, else the packet stays the caller's.
   */
  add(
    bytes: Uint8Array,
    row: number,
    packet: number,
    start: number,
    stop: number,
    more: boolean,
    at: number,
  ): number {
    const before = this.findBefore(row, start);
    const behind = before === NONE ? this.head[row]! : this.next[before]!;
    const end = this.end[row]!;
    if (before !== NONE && this.stop[before]! > start) {
      const same = this.start[before] === start && this.stop[before] === stop && more === (stop !== end);
      return same && equal(bytes, at, this.payload[before]!, stop - start) ? DUPLICATE : OVERLAP;
    }
    if (behind !== NONE && this.start[behind]! < stop) return OVERLAP;
    if (end !== NONE && stop > end) return BAD_END;
    if (!more && (end !== NONE || behind !== NONE)) return BAD_END;
    if (this.count[row] === this.limits.fragments) return TOO_MANY;

    const slot = this.freeSlot;
    this.freeSlot = this.next[slot]!;
    this.packet[slot] = packet;
    this.start[slot] = start;
    this.stop[slot] = stop;
    this.payload[slot] = at;
    this.next[slot] = behind;
    this.previous[slot] = before;
    if (before === NONE) this.head[row] = slot;
    else this.next[before] = slot;
    if (behind === NONE) this.tail[row] = slot;
    else this.previous[behind] = slot;
    this.held++;
    this.heldBy[this.contexts.vrf[row]!]!++;
    this.count[row]!++;
    this.bytes[row]! += stop - start;
    if (!more) this.end[row] = stop;
    return this.bytes[row] === this.end[row] ? WHOLE : WAITS;
  }

  /** The packet with the first octets, or NONE while it has not come. */
  first(row: number): number {
    const slot = this.head[row]!;
    return slot !== NONE && this.start[slot] === 0 ? this.packet[slot]! : NONE;
  }

  /** Where the octets of the first fragment lie, behind its headers. */
  firstPayload(row: number): number {
    return this.payload[this.head[row]!]!;
  }

  /** Octets of a whole datagram's payload. */
  payloadBytes(row: number): number {
    return this.end[row]!;
  }

  /** Fragments of a datagram. */
  fragments(row: number): number {
    return this.count[row]!;
  }

  /** Takes the fragments of a context out into `released`; returns how many there are. The context stays. */
  release(row: number): number {
    let count = 0;
    for (let slot = this.head[row]!; slot !== NONE; count++) {
      const next = this.next[slot]!;
      this.released[count] = this.packet[slot]!;
      this.freeTheSlot(slot);
      slot = next;
    }
    this.forgetHeld(row, count);
    return count;
  }

  /**
   * Puts a whole datagram together and closes its context: returns the packet, or NONE, and everything as it was,
   * when there is no large frame. The octets between header and payload of the first fragment (`cut`, the fragment
   * header of IPv6) are left out; the header's own fields are still the first fragment's.
   */
  join(pool: PacketPool, row: number, cut: number): number {
    const slot = this.head[row]!;
    const first = this.packet[slot]!;
    const from = pool.offset[first]!;
    const lead = pool.l3[first]! - from;
    const payload = this.payload[slot]!;
    const headers = payload - cut - from;
    const total = this.end[row]!;
    const inPlace = payload + total + TAIL_ROOM <= pool.base(first) + pool.room(first);
    const target = inPlace ? first : pool.allocLarge();
    if (target < 0) return NONE;
    const to = inPlace ? from + cut : pool.base(target) + PACKET_START + 14 - lead;
    if (to !== from) pool.copy(to, from, headers);
    if (!inPlace) pool.copyMetadata(first, target);
    pool.offset[target] = to;
    pool.l3[target] = to + lead;
    pool.length[target] = headers + total;
    this.collect(pool, row, target, to + headers);
    return target;
  }

  close(row: number): void {
    this.contexts.remove(row);
  }

  /** Copies each fragment's octets to their place behind `base`, gives its frame back, and closes the context. */
  private collect(pool: PacketPool, row: number, target: number, base: number): void {
    let count = 0;
    for (let slot = this.head[row]!; slot !== NONE; count++) {
      const next = this.next[slot]!;
      const packet = this.packet[slot]!;
      if (packet !== target) {
        const at = this.payload[slot]!;
        const start = this.start[slot]!;
        pool.copy(base + start, at, this.stop[slot]! - start);
        pool.free(packet);
      }
      this.freeTheSlot(slot);
      slot = next;
    }
    this.forgetHeld(row, count);
    this.contexts.remove(row);
  }

  private freeTheSlot(slot: number): void {
    this.next[slot] = this.freeSlot;
    this.freeSlot = slot;
  }

  private forgetHeld(row: number, count: number): void {
    this.held -= count;
    this.heldBy[this.contexts.vrf[row]!]! -= count;
    this.head[row] = NONE;
    this.tail[row] = NONE;
  }

  /** The slot behind which a fragment from `start` on belongs: most come in order, so from the end. */
  private findBefore(row: number, start: number): number {
    const head = this.head[row]!;
    if (head !== NONE && this.start[head]! > start) return NONE;
    let slot = this.tail[row]!;
    while (slot !== NONE && this.start[slot]! > start) slot = this.previous[slot]!;
    return slot;
  }
}

function equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
