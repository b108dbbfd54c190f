// When a tunnel that sends by an SA which works goes over to a newer one.
//
// Linux goes over at once, which loses packets where the peer does not have the new SA (yet). charon installs the outbound
// SA of a rekeying when the peer has the inbound one: who began it after the answer, the other at the deletion of the old
// SA. A new IKE_SA is different: its responder has all its SAs before the initiator has one, and keeps them when the
// initiator dies at that moment.
import type { SaSpec } from '@sluice/shared';
import {
  SA_COUNTERS_SHIFT,
  SA_PACKETS,
  SA_PROVED,
  SA_SHIFT,
  type SaTable,
} from '../tables/security-associations.js';

/** A peer that is silent has the new SA after this time; nothing else can show it where traffic flows one way. */
const SILENT_MS = 1_000;
/**
 * A peer that has gone on to send by the old SA may not have the new one, or waits as we do: both stay where they are
 * until one deletes the old SA. When it has been silent for this long, nothing is known of it any more.
 */
const SILENT_AGAIN_MS = 10_000;

interface InstalledSa {
  readonly spec: SaSpec;
  readonly row: number;
  readonly installedAt: number;
}

interface Contest {
  newest: InstalledSa;
  /** Packets that the peer has sent by the old inbound SAs, at the last look. */
  packets: number;
  /** When they were more than at the look before; null when they never were. */
  heardAt: number | null;
}

export class SaTakeOver {
  /** By interface id: where a new SA waits to take over. */
  readonly #contests = new Map<number, Contest>();

  constructor(private readonly table: SaTable) {}

  /** Interface ids to decide about again: a copy. */
  contested(): number[] {
    return [...this.#contests.keys()];
  }

  end(ifId: number): void {
    this.#contests.delete(ifId);
  }

  /**
   * Whether `newest` takes over from `current`, both outbound; if not yet, the interface id is contested.
   *
   * @param own all SAs of the interface id in order of installation: the inbound SA of a pair precedes the outbound one
   */
  decide(newest: InstalledSa, current: InstalledSa, own: readonly InstalledSa[], now: number): boolean {
    const { if_id: ifId, src, dst } = newest.spec;
    const takesOver =
      // One end has another address: what is sent from or to the one before is likely to be lost.
      src !== current.spec.src ||
      dst !== current.spec.dst ||
      this.#isProved(dst, own.slice(own.indexOf(current))) ||
      this.#isSilent(newest, own.slice(0, own.indexOf(current)), now);
    if (takesOver) this.end(ifId);
    return takesOver;
  }

  /** A packet by an inbound SA that came after the current one: the peer has the new pair. */
  #isProved(peer: string, newer: readonly InstalledSa[]): boolean {
    return newer.some(
      ({ spec, row }) =>
        spec.direction === 'in' && spec.src === peer && this.table.words[(row << SA_SHIFT) + SA_PROVED] === 1,
    );
  }

  #isSilent(newest: InstalledSa, older: readonly InstalledSa[], now: number): boolean {
    const { if_id: ifId, dst } = newest.spec;
    let packets = 0;
    for (const { spec, row } of older) {
      if (spec.direction !== 'in' || spec.src !== dst) continue;
      packets += this.table.counters[(row << SA_COUNTERS_SHIFT) + SA_PACKETS]!;
    }
    let contest = this.#contests.get(ifId);
    if (contest?.newest !== newest) {
      contest = { newest, packets, heardAt: null };
      this.#contests.set(ifId, contest);
    }
    if (packets > contest.packets) contest.heardAt = now;
    contest.packets = packets;
    if (contest.heardAt === null) return now - newest.installedAt >= SILENT_MS;
    return now - contest.heardAt >= SILENT_AGAIN_MS;
  }
}
