// What both sites say of their SAs, held against each other.
import { type ChildSaReport, until } from '@sluice/shared';
import type { Site, TwoSites } from './two-sites.js';

const hex = (spi: number): string => spi.toString(16).padStart(8, '0');

/** SPIs of the one CHILD_SA of each site, inbound as the site itself sees it. */
export interface TunnelSpis {
  branchIn: number;
  hqIn: number;
}

/**
 * Null when each site has exactly one IKE_SA with one CHILD_SA, each data plane exactly its two SAs, and both the same
 * SPIs crosswise; else the first thing that is otherwise, as a sentence.
 */
export async function disagreement(sites: TwoSites): Promise<string | null> {
  const [branch, hq] = await Promise.all([look(sites.branch), look(sites.hq)]);
  if (typeof branch === 'string') return branch;
  if (typeof hq === 'string') return hq;
  const [a, b] = [branch, hq];
  if (a.spi_in !== b.spi_out || a.spi_out !== b.spi_in)
    return `branch has SPIs ${hex(a.spi_in)} in and ${hex(a.spi_out)} out, hq ${hex(b.spi_in)} in and ${hex(b.spi_out)} out`;
  return null;
}

/** Waits until the sites agree, and nothing is left of older SAs. Returns the SPIs. */
export async function agreed(sites: TwoSites, deadlineMs = 40_000): Promise<TunnelSpis> {
  let problem: string | null = null;
  await until(
    'both sites to agree on one pair of SAs and have no others',
    async () => {
      problem = await disagreement(sites);
      if (problem !== null) throw new Error(problem);
      return true;
    },
    { deadlineMs, intervalMs: 200 },
  );
  return spis(sites);
}

export async function spis({ branch, hq }: TwoSites): Promise<TunnelSpis> {
  const [a, b] = await Promise.all([newestChild(branch), newestChild(hq)]);
  return { branchIn: a.spi_in, hqIn: b.spi_in };
}

async function newestChild(site: Site): Promise<ChildSaReport> {
  const children = (await site.tunnels()).flatMap((ike) => ike.children);
  const newest = children
    .filter((child) => child.state === 'INSTALLED')
    .sort((x, y) => Number(x.unique_id) - Number(y.unique_id))
    .at(-1);
  if (newest === undefined) throw new Error(`${site.names.name} has no installed CHILD_SA`);
  return newest;
}

/**
 * Waits until both data planes send by an SA that the other's charon and data plane know, and that is none of `old`.
 * Older SAs may still be there.
 */
export async function replaced(sites: TwoSites, old: TunnelSpis, deadlineMs = 40_000): Promise<TunnelSpis> {
  const [branchOld, hqOld] = [old.branchIn, old.hqIn];
  let current = old;
  await until(
    'both sites to send by new SAs',
    async () => {
      const [branchOut, hqOut] = await Promise.all([activeSpi(sites.branch), activeSpi(sites.hq)]);
      current = { branchIn: hqOut, hqIn: branchOut };
      if (branchOut === hqOld || hqOut === branchOld) throw new Error('an old SA is still in use');
      await Promise.all([inUse(sites.branch, hqOut), inUse(sites.hq, branchOut)]);
      return true;
    },
    { deadlineMs, intervalMs: 100 },
  );
  return current;
}

async function activeSpi(site: Site): Promise<number> {
  const { sas } = await site.dataplane.request('show-sa', {});
  const active = sas.filter((sa) => sa.direction === 'out' && sa.active);
  if (active.length !== 1) throw new Error(`${site.names.name} sends by ${active.length} SAs`);
  return active[0]!.spi;
}

async function inUse(site: Site, spiIn: number): Promise<void> {
  const [{ sas }, ike] = await Promise.all([site.dataplane.request('show-sa', {}), site.tunnels()]);
  if (!sas.some((sa) => sa.direction === 'in' && sa.spi === spiIn))
    throw new Error(`the data plane of ${site.names.name} has no SA ${hex(spiIn)}`);
  if (!ike.some(({ children }) => children.some((child) => child.spi_in === spiIn)))
    throw new Error(`charon of ${site.names.name} has no CHILD_SA with SPI ${hex(spiIn)}`);
}

/** The one CHILD_SA of a site whose charon and data plane agree; else what is otherwise. */
async function look(site: Site): Promise<ChildSaReport | string> {
  const [{ ike_sas: all }, { sas }] = await Promise.all([
    site.ikeBridge.request('show-ike', {}),
    site.dataplane.request('show-sa', {}),
  ]);
  const { name } = site.names;
  // A caller that was cut off leaves one that nobody has authenticated; it has no SAs, and goes after two minutes.
  const ike = all.filter(({ state, initiator }) => state !== 'CONNECTING' || initiator);
  // charon lists a replaced CHILD_SA until its last packets have arrived, or, when the IKE_SA was rekeyed in that
  // very moment, until the IKE_SA ends. What counts is that its SAs leave the data plane.
  const children = ike.flatMap((sa) => sa.children).filter((child) => child.state !== 'DELETED');
  const [sa, child] = [ike[0], children[0]];
  if (
    ike.length !== 1 ||
    children.length !== 1 ||
    sa?.state !== 'ESTABLISHED' ||
    child?.state !== 'INSTALLED'
  ) {
    const states = ike.map((one) => `${one.state} (${one.children.map(({ state }) => state).join(', ')})`);
    return `${name} has the IKE_SAs ${states.join(', ') || '(none)'}`;
  }
  const wanted = [
    `in ${hex(child.spi_in)} to ${sa.local_address} active`,
    `out ${hex(child.spi_out)} to ${sa.remote_address} active`,
  ];
  const present = sas
    .map((one) => `${one.direction} ${hex(one.spi)} to ${one.dst}${one.active ? ' active' : ''}`)
    .sort();
  if (present.join() === wanted.join()) return child;
  return `the data plane of ${name} has ${present.join(', ') || 'no SA'}, charon ${wanted.join(', ')}`;
}
