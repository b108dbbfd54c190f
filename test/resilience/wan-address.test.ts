// The branch gets another address towards the internet: headquarters, which knows it by its identity, is called from there.
import { until } from '@sluice/shared';
import { now } from '../support/probe.js';
import { assertResumes, type ProbedSites, sitesUnderProbe } from '../support/sites-under-probe.js';
import { HQ, moveWan } from '../support/two-sites.js';

const RESUMES_MS = 2000;
const DETECT_WITHIN_S = 10;

describe('another WAN address', () => {
  const withSites = sitesUnderProbe({
    name: 'wan-address',
    configure: (config, site) => {
      const connection = config.ike?.connections?.[0];
      // What is left of the address before goes when nobody answers there.
      if (connection !== undefined) connection.detect_failure_within_s = DETECT_WITHIN_S;
      if (site === HQ && connection !== undefined) connection.remote.address = 'any';
    },
  });

  /** Only the SAs of the address that the branch has. */
  const settled = (sites: ProbedSites) =>
    until(
      'the SAs of the address before to be gone',
      async () => {
        const all = await Promise.all(
          [sites.branch, sites.hq].map((site) => site.dataplane.request('show-sa', {})),
        );
        return all.every(({ sas }) => sas.length === 2);
      },
      { deadlineMs: 60_000, intervalMs: 200 },
    );

  for (const what of ['another address', 'another one again']) {
    it(
      `${what}: traffic resumes within ${RESUMES_MS} ms`,
      withSites(async (sites) => {
        const { branch, hq } = sites;
        await assertResumes(sites, what, RESUMES_MS, async () => {
          await settled(sites);
          const address = await moveWan(branch);
          await until('headquarters to send there', async () => {
            const { sas } = await hq.dataplane.request('show-sa', {});
            return sas.some((sa) => sa.direction === 'out' && sa.active && sa.dst === address);
          });
          await sites.probe.arriveAfter(now());
        });
        await settled(sites);
      }),
    ).timeout(240_000);
  }
});
