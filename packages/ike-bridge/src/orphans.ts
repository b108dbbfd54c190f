// Compares charon's CHILD_SAs with the SAD, by SPI. A restart of charon or of the bridge makes them differ.
import type { ChildSaReport } from '@sluice/shared';
import { nameOf, type SaEntry } from './xfrm/index.js';

/** A CHILD_SA with the addresses of its IKE_SA. */
export interface KnownChild extends ChildSaReport {
  connection: string;
  local: string;
  remote: string;
}

export type KnownSa = Pick<SaEntry, 'dst' | 'src' | 'spi' | 'direction' | 'ifId' | 'addedAtMs' | 'selectors'>;

export interface Differences {
  /** charon believes that they are up; the SAD lacks one of their SAs. */
  broken: KnownChild[];
  /** In the SAD and not in charon, new ones included, which charon may be about to list. */
  unknown: KnownSa[];
  /** Unknown, older than a moment, and carried on by a newer CHILD_SA: they may go. */
  replaced: KnownSa[];
  /** Unknown, older than a moment, with nothing in their place yet: they carry the traffic. */
  orphans: KnownSa[];
  /** By name of an unknown SA: since when there has been a newer CHILD_SA for its traffic, though not always the same. */
  carriedSinceMs: Map<string, number>;
}

/** A peer needs this long to have its new SAs in use, and packets in flight to arrive. */
const SETTLED_S = 10;

/** @param carriedSinceMs of the last comparison; on the clock of `nowMs` */
export function compare(
  sad: readonly KnownSa[],
  children: readonly KnownChild[],
  nowMs: number,
  carriedSinceMs: ReadonlyMap<string, number> = new Map(),
): Differences {
  const present = new Map(sad.map((sa) => [nameOf(sa), sa]));
  const known = new Set(children.flatMap((child) => [nameOf(inbound(child)), nameOf(outbound(child))]));
  const result: Differences = {
    broken: [],
    unknown: [],
    replaced: [],
    orphans: [],
    carriedSinceMs: new Map(),
  };
  /** By interface id. */
  const whole = new Map<number, Whole[]>();
  for (const child of children) {
    if (child.state !== 'INSTALLED') continue;
    const ends = { in: present.get(nameOf(inbound(child))), out: present.get(nameOf(outbound(child))) };
    if (ends.in === undefined || ends.out === undefined) result.broken.push(child);
    else whole.set(child.if_id, [...(whole.get(child.if_id) ?? []), { child, in: ends.in, out: ends.out }]);
  }
  for (const sa of sad) {
    if (known.has(nameOf(sa))) continue;
    result.unknown.push(sa);
    // An SA is in the SAD before charon lists its CHILD_SA as installed.
    if (nowMs - sa.addedAtMs < SETTLED_S * 1000) continue;
    const successors = (whole.get(sa.ifId) ?? []).filter((other) => succeeds(other, sa, nowMs));
    const name = nameOf(sa);
    if (successors.length > 0) result.carriedSinceMs.set(name, carriedSinceMs.get(name) ?? nowMs);
    // One that is rekeyed every few seconds never settles, and those after it carry the traffic all the same.
    const carriedMs = nowMs - (result.carriedSinceMs.get(name) ?? nowMs);
    const settled = successors.some(({ child }) => (child.installed_s ?? 0) >= SETTLED_S);
    (settled || carriedMs >= SETTLED_S * 1000 ? result.replaced : result.orphans).push(sa);
  }
  return result;
}

function inbound(child: KnownChild): { dst: string; spi: number } {
  return { dst: child.local, spi: child.spi_in };
}

function outbound(child: KnownChild): { dst: string; spi: number } {
  return { dst: child.remote, spi: child.spi_out };
}

/** A CHILD_SA with both its SAs. */
interface Whole {
  child: KnownChild;
  in: KnownSa;
  out: KnownSa;
}

function succeeds(other: Whole, sa: KnownSa, nowMs: number): boolean {
  const { child } = other;
  const installedS = child.installed_s ?? 0;
  const [local, remote] = sa.direction === 'in' ? [sa.dst, sa.src] : [sa.src, sa.dst];
  return (
    child.local === local &&
    child.remote === remote &&
    nowMs - installedS * 1000 > sa.addedAtMs &&
    carries(other[sa.direction], sa)
  );
}

/** A tunnel may have several children: one takes the place only of what carried the same traffic. */
function carries(successor: KnownSa, sa: KnownSa): boolean {
  if (sa.selectors === null || successor.selectors === null) return true;
  const carried = new Set(successor.selectors.map((selector) => JSON.stringify(selector)));
  return sa.selectors.every((selector) => carried.has(JSON.stringify(selector)));
}
