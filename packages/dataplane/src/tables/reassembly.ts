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
export const TAIL_ROOM = 128;

/** Words of a context: a row of eight. */
const ROW_SHIFT = 3;
const HEAD = 0;
const TAIL = 1;
const COUNT = 2;
const BYTES = 3;
/** Length of the whole datagram's payload; NONE before the last fragment tells. */
const END = 4;

/** Words of a fragment: likewise. Its first octet and the one behind the last, and where they lie in memory. */
const SLOT_SHIFT = 3;
const NEXT = 0;
const PREVIOUS = 1;
const START = 2;
const STOP = 3;
const PACKET = 4;
const PAYLOAD = 5;

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
  /** Contexts and fragments in rows: what one step needs of them is in one cache line, and one array. */
  private readonly rows: Int32Array;
  private readonly slots: Int32Array;
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
    this.rows = new Int32Array(datagrams << ROW_SHIFT);
    this.slots = new Int32Array(frames << SLOT_SHIFT);
    for (let slot = 0; slot < frames; slot++)
      this.slots[(slot << SLOT_SHIFT) + NEXT] = slot + 1 < frames ? slot + 1 : NONE;
  }

  /** A new context of the key; the caller has asked contexts.mayAdd. */
  open(vrf: number): number {
    const row = this.contexts.add(vrf);
    const { rows } = this;
    const context = row << ROW_SHIFT;
    rows[context + HEAD] = NONE;
    rows[context + TAIL] = NONE;
    rows[context + COUNT] = 0;
    rows[context + BYTES] = 0;
    rows[context + END] = NONE;
    this.refusal[row] = 0;
    this.ecn[row] = 0;
    return row;
  }

  /** True when a VRF may have one more fragment wait: no more than are free, as with contexts. */
  mayHold(vrf: number): boolean {
    return this.heldBy[vrf]! < this.limits.frames - this.held;
  }

  /** True when it may have so many, one after the other. */
  mayHoldMany(vrf: number, fragments: number): boolean {
    return this.heldBy[vrf]! + 2 * (fragments - 1) < this.limits.frames - this.held;
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
    const { rows, slots } = this;
    const context = row << ROW_SHIFT;
    const before = this.findBefore(context, start);
    const beforeAt = before << SLOT_SHIFT;
    const behind = before === NONE ? rows[context + HEAD]! : slots[beforeAt + NEXT]!;
    const behindAt = behind << SLOT_SHIFT;
    const end = rows[context + END]!;
    if (before !== NONE && slots[beforeAt + STOP]! > start) {
      const same =
        slots[beforeAt + START] === start && slots[beforeAt + STOP] === stop && more === (stop !== end);
      return same && equal(bytes, at, slots[beforeAt + PAYLOAD]!, stop - start) ? DUPLICATE : OVERLAP;
    }
    if (behind !== NONE && slots[behindAt + START]! < stop) return OVERLAP;
    if (end !== NONE && stop > end) return BAD_END;
    if (!more && (end !== NONE || behind !== NONE)) return BAD_END;
    const count = rows[context + COUNT]!;
    if (count === this.limits.fragments) return TOO_MANY;

    const slot = this.freeSlot;
    const slotAt = slot << SLOT_SHIFT;
    this.freeSlot = slots[slotAt + NEXT]!;
    slots[slotAt + NEXT] = behind;
    slots[slotAt + PREVIOUS] = before;
    slots[slotAt + START] = start;
    slots[slotAt + STOP] = stop;
    slots[slotAt + PACKET] = packet;
    slots[slotAt + PAYLOAD] = at;
    if (before === NONE) rows[context + HEAD] = slot;
    else slots[beforeAt + NEXT] = slot;
    if (behind === NONE) rows[context + TAIL] = slot;
    else slots[behindAt + PREVIOUS] = slot;
    this.held++;
    this.heldBy[this.contexts.vrf[row]!]!++;
    rows[context + COUNT] = count + 1;
    const octets = rows[context + BYTES]! + stop - start;
    rows[context + BYTES] = octets;
    if (!more) rows[context + END] = stop;
    return octets === (more ? end : stop) ? WHOLE : WAITS;
  }

  /** The packet with the first octets, or NONE while it has not come. */
  first(row: number): number {
    const at = this.rows[(row << ROW_SHIFT) + HEAD]! << SLOT_SHIFT;
    return at >= 0 && this.slots[at + START] === 0 ? this.slots[at + PACKET]! : NONE;
  }

  /** Where the octets of the first fragment lie, behind its headers. */
  firstPayload(row: number): number {
    return this.slots[(this.rows[(row << ROW_SHIFT) + HEAD]! << SLOT_SHIFT) + PAYLOAD]!;
  }

  /** Octets of a whole datagram's payload. */
  payloadBytes(row: number): number {
    return this.rows[(row << ROW_SHIFT) + END]!;
  }

  /** Fragments of a datagram. */
  fragments(row: number): number {
    return this.rows[(row << ROW_SHIFT) + COUNT]!;
  }

  /** Takes the fragments of a context out into `released`; returns how many there are. The context stays. */
  release(row: number): number {
    const { slots } = this;
    let count = 0;
    for (let slot = this.rows[(row << ROW_SHIFT) + HEAD]!; slot !== NONE; count++) {
      const next = slots[(slot << SLOT_SHIFT) + NEXT]!;
      this.released[count] = slots[(slot << SLOT_SHIFT) + PACKET]!;
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
    const first = this.first(row);
    const from = pool.offset[first]!;
    const lead = pool.l3[first]! - from;
    const payload = this.firstPayload(row);
    const headers = payload - cut - from;
    const total = this.payloadBytes(row);
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
    const { slots } = this;
    let count = 0;
    for (let slot = this.rows[(row << ROW_SHIFT) + HEAD]!; slot !== NONE; count++) {
      const slotAt = slot << SLOT_SHIFT;
      const next = slots[slotAt + NEXT]!;
      const packet = slots[slotAt + PACKET]!;
      if (packet !== target) {
        const start = slots[slotAt + START]!;
        pool.copy(base + start, slots[slotAt + PAYLOAD]!, slots[slotAt + STOP]! - start);
        pool.free(packet);
      }
      this.freeTheSlot(slot);
      slot = next;
    }
    this.forgetHeld(row, count);
    this.contexts.remove(row);
  }

  private freeTheSlot(slot: number): void {
    this.slots[(slot << SLOT_SHIFT) + NEXT] = this.freeSlot;
    this.freeSlot = slot;
  }

  private forgetHeld(row: number, count: number): void {
    this.held -= count;
    this.heldBy[this.contexts.vrf[row]!]! -= count;
    this.rows[(row << ROW_SHIFT) + HEAD] = NONE;
    this.rows[(row << ROW_SHIFT) + TAIL] = NONE;
  }

  /** The slot behind which a fragment from `start` on belongs: most come in order, so from the end. */
  private findBefore(context: number, start: number): number {
    const { rows, slots } = this;
    let slot = rows[context + TAIL]!;
    if (slot === NONE || slots[(slot << SLOT_SHIFT) + START]! <= start) return slot;
    if (slots[(rows[context + HEAD]! << SLOT_SHIFT) + START]! > start) return NONE;
    do slot = slots[(slot << SLOT_SHIFT) + PREVIOUS]!;
    while (slots[(slot << SLOT_SHIFT) + START]! > start);
    return slot;
  }
}

function equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
