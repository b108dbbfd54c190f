// Virtual reassembly: one worker's memory of the ports that first fragments told, and the fragments that came before
// theirs. Nothing is put together: fragments are forwarded as they are, with their ports known.
import { FragmentContexts, type FragmentKey, NONE } from './fragment-contexts.js';
import type { ReassemblyLimits } from './reassembly.js';

export class VirtualReassembly {
  readonly contexts: FragmentContexts;
  /** Fragments held. */
  held = 0;
  /** Packets that release() took out, in the order in which they came. */
  readonly released: Int32Array;
  /** Per context: the ports that its first fragment told, and whether it has. */
  readonly ports: Int32Array;
  readonly known: Uint8Array;
  /** Per context: the counter under which all of its fragments are dropped, 0 for none. */
  readonly refusal: Uint8Array;
  /** Per context: octets of the first fragment: what overlaps them is an attack on whoever looks at headers. */
  readonly firstBytes: Int32Array;
  /** Per context: the first octet of those that wait which comes before all others. */
  readonly earliest: Int32Array;
  private readonly seen: Int32Array;
  private readonly end: Int32Array;
  private readonly count: Int32Array;
  private readonly heldBy: Int32Array;
  private readonly head: Int32Array;
  private readonly tail: Int32Array;
  private readonly packet: Int32Array;
  private readonly next: Int32Array;
  private freeSlot = 0;

  constructor(
    readonly limits: ReassemblyLimits,
    vrfs: number,
    key: FragmentKey,
  ) {
    const { datagrams, frames } = limits;
    this.contexts = new FragmentContexts(datagrams, vrfs, key);
    this.released = new Int32Array(frames);
    this.ports = new Int32Array(datagrams);
    this.known = new Uint8Array(datagrams);
    this.refusal = new Uint8Array(datagrams);
    this.firstBytes = new Int32Array(datagrams);
    this.earliest = new Int32Array(datagrams);
    this.seen = new Int32Array(datagrams);
    this.end = new Int32Array(datagrams);
    this.count = new Int32Array(datagrams);
    this.heldBy = new Int32Array(vrfs);
    this.head = new Int32Array(datagrams);
    this.tail = new Int32Array(datagrams);
    this.packet = new Int32Array(frames);
    this.next = Int32Array.from({ length: frames }, (_, i) => (i + 1 < frames ? i + 1 : NONE));
  }

  /** A new context of the key; the caller has asked contexts.mayAdd. */
  open(vrf: number): number {
    const row = this.contexts.add(vrf);
    this.known[row] = 0;
    this.refusal[row] = 0;
    this.firstBytes[row] = 0;
    this.seen[row] = 0;
    this.end[row] = NONE;
    this.count[row] = 0;
    this.head[row] = NONE;
    this.tail[row] = NONE;
    return row;
  }

  /** True when one more fragment of a VRF may be held. */
  mayHold(vrf: number): boolean {
    return this.heldBy[vrf]! < this.limits.frames - this.held;
  }

  /** Keeps a fragment, from octet `start` on, until its first one comes; false when too many of its datagram wait. */
  hold(row: number, packet: number, start: number): boolean {
    if (this.count[row] === this.limits.fragments) return false;
    if (!this.waiting(row) || start < this.earliest[row]!) this.earliest[row] = start;
    const slot = this.freeSlot;
    this.freeSlot = this.next[slot]!;
    this.packet[slot] = packet;
    this.next[slot] = NONE;
    if (this.tail[row] === NONE) this.head[row] = slot;
    else this.next[this.tail[row]!] = slot;
    this.tail[row] = slot;
    this.count[row]!++;
    this.held++;
    this.heldBy[this.contexts.vrf[row]!]!++;
    return true;
  }

  /** True when fragments wait for the first one. */
  waiting(row: number): boolean {
    return this.head[row] !== NONE;
  }

  /** Takes the fragments of a context out into `released`; returns how many there are. The context stays. */
  release(row: number): number {
    let count = 0;
    for (let slot = this.head[row]!; slot !== NONE; count++) {
      const next = this.next[slot]!;
      this.released[count] = this.packet[slot]!;
      this.next[slot] = this.freeSlot;
      this.freeSlot = slot;
      slot = next;
    }
    this.head[row] = NONE;
    this.tail[row] = NONE;
    this.count[row] = 0;
    this.held -= count;
    this.heldBy[this.contexts.vrf[row]!]! -= count;
    return count;
  }

  /**
   * Notes that octets `start` to `stop` have come; true when as many have as the datagram has. Fragments that come twice
   * end a context early, and only theirs.
   */
  account(row: number, start: number, stop: number, more: boolean): boolean {
    this.seen[row]! += stop - start;
    if (!more) this.end[row] = stop;
    return this.end[row] !== NONE && this.seen[row]! >= this.end[row]!;
  }

  close(row: number): void {
    this.contexts.remove(row);
  }
}
