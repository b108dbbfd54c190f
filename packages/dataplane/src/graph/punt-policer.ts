// Bounds what Linux is given of each class of packets, so that a flood of one takes nothing from another's share, and a
// flood from one source at most half of its own class.
//
// Token buckets in arrays: one per class, and one per class and slot, where a slot is a hash of the source.

export const PUNT_ARP = 0;
export const PUNT_ND = 1;
export const PUNT_IKE = 2;
export const PUNT_DHCP = 3;
/** SSH and Telnet. */
export const PUNT_LOGIN = 4;
/** BGP, OSPF, BFD and their like. */
export const PUNT_ROUTING = 5;
export const PUNT_ICMP = 6;
export const PUNT_TCP = 7;
export const PUNT_OTHER = 8;
const PUNT_CLASSES = 9;

/**
 * Packets a second and burst of each class, per worker. Tuning: a TAP takes some 300,000 packets a second on one core,
 * so that all classes together leave the host-I/O thread most of its time, and Linux time to answer.
 */
const RATES: readonly (readonly [perSecond: number, burst: number])[] = [
  [2_000, 500],
  [2_000, 500],
  [10_000, 2_000],
  [1_000, 200],
  [10_000, 2_000],
  [10_000, 2_000],
  [1_000, 200],
  [20_000, 2_000],
  [10_000, 2_000],
];

/** Words of the ring to Linux that only these classes may fill: a burst of the others must not keep them out. */
const RESERVED = 2_048;
const MAY_FILL_RESERVE = [false, true, true, true, true, true, false, false, false];

const SLOTS = 64;
/** A source's share of its class. */
const SHARE = 0.5;

export class PuntPolicer {
  private readonly tokens = new Float64Array(PUNT_CLASSES * (SLOTS + 1));
  private readonly last = new Float64Array(PUNT_CLASSES * (SLOTS + 1));
  private readonly perMs = new Float64Array(PUNT_CLASSES);
  private readonly burst = new Float64Array(PUNT_CLASSES);
  private readonly reserve = new Int32Array(PUNT_CLASSES);

  constructor() {
    for (let kind = 0; kind < PUNT_CLASSES; kind++) {
      const [perSecond, burst] = RATES[kind]!;
      this.perMs[kind] = perSecond / 1000;
      this.burst[kind] = burst;
      this.reserve[kind] = MAY_FILL_RESERVE[kind] ? 0 : RESERVED;
      for (let slot = 0; slot <= SLOTS; slot++) {
        this.tokens[kind * (SLOTS + 1) + slot] = slot === SLOTS ? burst : burst * SHARE;
      }
    }
  }

  /** True when Linux gets a packet of this class from a source with this hash. `now` in ms; set back it gives nothing. */
  take(kind: number, sourceHash: number, now: number): boolean {
    const ofClass = kind * (SLOTS + 1) + SLOTS;
    const ofSource = kind * (SLOTS + 1) + (sourceHash & (SLOTS - 1));
    this.fill(ofClass, kind, 1, now);
    this.fill(ofSource, kind, SHARE, now);
    if (this.tokens[ofClass]! < 1 || this.tokens[ofSource]! < 1) return false;
    this.tokens[ofClass] = this.tokens[ofClass]! - 1;
    this.tokens[ofSource] = this.tokens[ofSource]! - 1;
    return true;
  }

  /** Words of the ring to Linux that a class must leave free. */
  reserveOf(kind: number): number {
    return this.reserve[kind]!;
  }

  private fill(at: number, kind: number, share: number, now: number): void {
    const elapsed = now - this.last[at]!;
    this.last[at] = now;
    if (elapsed <= 0) return;
    const tokens = this.tokens[at]! + elapsed * this.perMs[kind]! * share;
    this.tokens[at] = Math.min(tokens, this.burst[kind]! * share);
  }
}
