// Compares charon's CHILD_SAs with the SAD, by SPI. A restart of charon or of the bridge makes them differ.
import type { ChildSaReport } from '@sluice/shared';
import { nameOf, type SaEntry } from './xfrm/index.js';

/** A CHILD_SA with the addresses of its IKE_SA. */
export interface KnownChild extends ChildSaReport {
  connection: string;
  local: string;
  remote: string;
}

export type KnownSa = Pick<SaEntry, 'dst' | 'src' | 'spi' | 'direction' | 'ifId' | 'addedAtMs' | 'selector'>;

export interface Differences {
  /** charon believes that they are up; the SAD lacks one of their SAs. */
  broken: KnownChild[];
  /** In the SAD and not in charon, new ones included, which charon may be about to list. */
  unknown: KnownSa[];
  /** Unknown, older than a moment, and carried on by a newer CHILD_SA: they may go. */
  replaced: KnownSa[];
  /** Unknown, older than a moment, with nothing in their place yet: they carry the traffic. */
  orphans: KnownSa[];
}

/** A peer needs this long to have its new SAs in use, and packets in flight to arrive. */
const SETTLED_S = 10;

export function compare(
  sad: readonly KnownSa[],
  children: readonly KnownChild[],
  nowMs: number,
): Differences {
  const present = new Set(sad.map(nameOf));
  const known = new Set(children.flatMap((child) => [nameOf(inbound(child)), nameOf(outbound(child))]));
  const result: Differences = { broken: [], unknown: [], replaced: [], orphans: [] };
  const whole: KnownChild[] = [];
  for (const child of children) {
    if (child.state !== 'INSTALLED') continue;
    const complete = present.has(nameOf(inbound(child))) && present.has(nameOf(outbound(child)));
    (complete ? whole : result.broken).push(child);
  }
  for (const sa of sad) {
    if (known.has(nameOf(sa))) continue;
    result.unknown.push(sa);
    // An SA is in the SAD before charon lists its CHILD_SA as installed.
    if (nowMs - sa.addedAtMs < SETTLED_S * 1000) continue;
    const successor = whole.some((child) => succeeds(child, sa, nowMs));
    (successor ? result.replaced : result.orphans).push(sa);
  }
  return result;
}

function inbound(child: KnownChild): { dst: string; spi: number } {
  return { dst: child.local, spi: child.spi_in };
}

function outbound(child: KnownChild): { dst: string; spi: number } {
  return { dst: child.remote, spi: child.spi_out };
}

function succeeds(child: KnownChild, sa: KnownSa, nowMs: number): boolean {
  const installedS = child.installed_s ?? 0;
  const [local, remote] = sa.direction === 'in' ? [sa.dst, sa.src] : [sa.src, sa.dst];
  return (
    child.if_id === sa.ifId &&
    child.local === local &&
    child.remote === remote &&
    installedS >= SETTLED_S &&
    nowMs - installedS * 1000 > sa.addedAtMs &&
    sameTraffic(child, sa)
  );
}

/** A tunnel may have several children: one takes the place only of what carried the same traffic. */
function sameTraffic(child: KnownChild, sa: KnownSa): boolean {
  if (sa.selector === null) return true;
  const [local, remote] =
    sa.direction === 'in' ? [sa.selector.dst, sa.selector.src] : [sa.selector.src, sa.selector.dst];
  return child.local_ts.includes(local) && child.remote_ts.includes(remote);
}
