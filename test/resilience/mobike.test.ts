// Either gateway gets another address, and both have MOBIKE: the SAs that there are go there (RFC 4555). Neither connection
// names another address than the first, and nobody authenticates again.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { agreed, spis } from '../support/associations.js';
import { now } from '../support/probe.js';
import { assertResumes, type ProbedSites, sitesUnderProbe } from '../support/sites-under-probe.js';
import { BRANCH, moveWan } from '../support/two-sites.js';

/** It takes less than a second; two exchanges and eight changes of SAs take a busy machine longer. */
const RESUMES_MS = 10_000;
const AGREE_MS = 60_000;

describe('another WAN address, with MOBIKE', () => {
  const withSites = sitesUnderProbe({
    name: 'mobike',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) connection.mobike = true;
    },
  });

  const ikeIds = async ({ branch, hq }: ProbedSites): Promise<string[]> =>
    (await Promise.all([branch, hq].map((site) => site.tunnels()))).flat().map((ike) => ike.unique_id);

  for (const [who, role] of [
    ['branch', 'initiator'],
    ['hq', 'responder'],
  ] as const) {
    it(
      `of the ${role}: traffic goes on by the same SAs`,
      withSites(async (sites) => {
        const peer = who === 'branch' ? sites.hq : sites.branch;
        const before = { spis: await agreed(sites, AGREE_MS), ike: await ikeIds(sites) };
        await assertResumes(sites, `${role} moves`, RESUMES_MS, async () => {
          const address = await moveWan(sites[who]);
          await until(`${peer.names.name} to send there`, async () => {
            const { sas } = await peer.dataplane.request('show-sa', {});
            return sas.some((sa) => sa.direction === 'out' && sa.active && sa.dst === address);
          });
          await sites.probe.arriveAfter(now());
        });
        assert.deepEqual(await until('the same SAs at the new address', () => same(sites)), before);
      }),
    ).timeout(180_000);
  }

  async function same(sites: ProbedSites): Promise<unknown> {
    const views = await Promise.all(
      [sites.branch, sites.hq].map((site) => site.dataplane.request('show-sa', {})),
    );
    if (views.some(({ sas }) => sas.length !== 2)) return null;
    return { spis: await spis(sites), ike: await ikeIds(sites) };
  }
});

describe('another WAN address, with MOBIKE at one end only', () => {
  const withSites = sitesUnderProbe({
    name: 'half-mobike',
    captureEsp: false,
    configure: (config, site) => {
      const connection = config.ike?.connections?.[0];
      assert.ok(connection !== undefined);
      if (site === BRANCH) connection.mobike = true;
      else connection.remote.address = 'any';
      // What is left of the address before goes when nobody answers there.
      connection.detect_failure_within_s = 10;
    },
  });

  it(
    'has it authenticate again from there',
    withSites(async (sites) => {
      const [before] = await sites.branch.tunnels();
      const address = await moveWan(sites.branch);
      await until('the branch to have called from there', async () => {
        const ike = await sites.branch.tunnels();
        return ike.some((sa) => sa.local_address === address && sa.unique_id !== before?.unique_id);
      });
      await agreed(sites, AGREE_MS);
      await sites.probe.arriveAfter(now());
    }),
  ).timeout(120_000);
});
