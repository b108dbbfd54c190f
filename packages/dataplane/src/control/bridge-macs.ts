// The MAC addresses that bridges have learnt: taken from workers' records, aged, moved, bounded.
//
// Owned by the control thread, the only writer of tables/macs.ts. A worker that hears an address where the table has it
// only sets the entry's flag; the tick reads the flags, and forgets what was not heard for the bridge's ageing time.
import type { EpochControl } from '../memory/epoch.js';
import { HashU32Writer } from '../tables/hash-u32.js';
import { MAC_MEMBER, MAC_SEEN, MACS_MAX, type MacMemory, macScope, wordOf } from '../tables/macs.js';

export interface BridgeLimits {
  ageingMs: number;
  /** Addresses that it may learn. */
  macs: number;
}

export interface LearntMac {
  bridge: number;
  member: number;
  /** As tables/interfaces.ts has them. */
  mac0: number;
  mac2: number;
  /** When it was last known to be heard, in ms. */
  heardAt: number;
  /** How often it was heard behind another member than before. */
  moves: number;
}

interface Entry extends LearntMac {
  index: number;
}

export class BridgeMacs {
  /** Per bridge, by address as one number. */
  private readonly bridges = new Map<number, { limits: BridgeLimits; entries: Map<number, Entry> }>();
  private readonly words: Int32Array;
  private readonly index: HashU32Writer;
  private readonly free: number[] = [];
  private top = 0;
  /** Addresses that a bound kept out, and those heard behind another member than before. */
  refused = 0;
  moved = 0;

  constructor(
    memory: MacMemory,
    private readonly epoch: EpochControl,
  ) {
    this.words = new Int32Array(memory.entries);
    this.index = new HashU32Writer(memory.index, epoch);
  }

  /** Takes a bridge in, or changes its limits. */
  configure(bridge: number, limits: BridgeLimits): void {
    const known = this.bridges.get(bridge);
    if (known === undefined) this.bridges.set(bridge, { limits, entries: new Map() });
    else known.limits = limits;
  }

  /** A worker heard an address behind a member; of a bridge that is gone, or of one that it knows there, nothing happens. */
  heard(bridge: number, member: number, mac0: number, mac2: number, now: number): void {
    const known = this.bridges.get(bridge);
    if (known === undefined) return;
    const key = keyOf(mac0, mac2);
    const entry = known.entries.get(key);
    if (entry !== undefined) {
      entry.heardAt = now;
      if (entry.member === member) return;
      entry.member = member;
      entry.moves++;
      this.moved++;
      Atomics.store(this.words, wordOf(entry.index, MAC_MEMBER), member);
      return;
    }
    if (known.entries.size >= known.limits.macs) {
      this.refused++;
      return;
    }
    const index = this.free.pop() ?? (this.top < MACS_MAX ? this.top++ : -1);
    if (index < 0) {
      this.refused++;
      return;
    }
    this.words[wordOf(index, MAC_MEMBER)] = member;
    this.words[wordOf(index, MAC_SEEN)] = 0;
    try {
      this.index.set(mac2, index, macScope(bridge, mac0));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // It changes faster than workers let go of its old region: the address is heard again.
      this.free.push(index);
      this.refused++;
      return;
    }
    known.entries.set(key, { index, bridge, member, mac0, mac2, heardAt: now, moves: 0 });
  }

  /** Forgets what was silent for too long. Every second or so. */
  tick(now: number): void {
    for (const { limits, entries } of this.bridges.values()) {
      for (const entry of entries.values()) {
        const at = wordOf(entry.index, MAC_SEEN);
        if (this.words[at] !== 0) {
          Atomics.store(this.words, at, 0);
          entry.heardAt = now;
        } else if (now - entry.heardAt >= limits.ageingMs) {
          this.forget(entry);
        }
      }
    }
  }

  /** Forgets what is behind a member: its link is down, or it leaves the bridge. */
  forgetMember(member: number): void {
    for (const { entries } of this.bridges.values()) {
      for (const entry of entries.values()) if (entry.member === member) this.forget(entry);
    }
  }

  /** @returns how many matched */
  forgetWhere(matches: (entry: LearntMac) => boolean): number {
    let forgotten = 0;
    for (const { entries } of this.bridges.values()) {
      for (const entry of entries.values()) {
        if (!matches(entry)) continue;
        this.forget(entry);
        forgotten++;
      }
    }
    return forgotten;
  }

  removeBridge(bridge: number): void {
    for (const entry of this.bridges.get(bridge)?.entries.values() ?? []) this.forget(entry);
    this.bridges.delete(bridge);
  }

  list(): LearntMac[] {
    return [...this.bridges.values()].flatMap(({ entries }) => [...entries.values()]);
  }

  limitsOf(bridge: number): BridgeLimits | undefined {
    return this.bridges.get(bridge)?.limits;
  }

  private forget(entry: Entry): void {
    const { index, bridge, mac0, mac2 } = entry;
    this.index.delete(mac2, macScope(bridge, mac0));
    this.bridges.get(bridge)?.entries.delete(keyOf(mac0, mac2));
    // A worker that found the entry just now may still read it.
    this.epoch.retire(() => this.free.push(index));
  }
}

function keyOf(mac0: number, mac2: number): number {
  return mac0 * 0x1_0000_0000 + (mac2 >>> 0);
}
