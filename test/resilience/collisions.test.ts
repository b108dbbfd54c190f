// What the two sides believe differently, or both do at once: each ends with one pair of SAs that both know.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { agreed, disagreement } from '../support/associations.js';
import { begin, type Fault, networkOf } from '../support/faults.js';
import { killAndRecover } from '../support/kill.js';
import { now } from '../support/probe.js';
import { assertUntouched, during, say, sitesUnderProbe } from '../support/sites-under-probe.js';

const DETECT_WITHIN_S = 6;
/** Dead peers are found, and what then is one too many has settled. */
const AGREE_MS = 60_000;

const NO_IKE: Fault = {
  kind: 'drop',
  site: 0,
  process: 'charon',
  what: 'ike',
  oneWay: false,
  delayMs: 0,
  loss: 0,
  lastsMs: 0,
};

describe('sides that disagree', () => {
  const withSites = sitesUnderProbe({
    name: 'collisions',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) {
        connection.detect_failure_within_s = DETECT_WITHIN_S;
        connection.start = 'initiate';
      }
    },
  });

  it(
    'both have a new charon, and initiate at once: one pair of SAs stays, and no packet is lost',
    withSites(async (sites) => {
      const { branch, hq } = sites;
      await agreed(sites, AGREE_MS);
      const report = await during(sites, async () => {
        await Promise.all([branch, hq].map((site) => killAndRecover(site, 'charon')));
        await agreed(sites, AGREE_MS);
      });
      say('both initiate', report);
      assertUntouched(report);
    }),
  ).timeout(2 * AGREE_MS + 30_000);

  it(
    'a DELETE is lost: the side that did not hear of it notices in time, and traffic goes on',
    withSites(async (sites) => {
      const { branch, hq } = sites;
      const end = await begin(networkOf(sites), NO_IKE);
      try {
        const uri = `unix://${hq.gateway.runDir}/charon.vici`;
        const name = hq.config.ike?.connections?.[0]?.name ?? '';
        await hq.gateway.run(
          ['swanctl', '--terminate', '--ike', name, '--force', '--timeout', '1', '--uri', uri],
          {
            check: false,
          },
        );
        await until('headquarters to have ended it', async () => (await hq.tunnels()).length === 0);
        assert.equal((await branch.tunnels()).length, 1, 'the branch believes in it');
        assert.notEqual(await disagreement(sites), null);
      } finally {
        await end();
      }
      await sites.probe.arriveAfter(now(), 30_000);
      await agreed(sites, AGREE_MS);
    }),
  ).timeout(AGREE_MS + 60_000);
});
