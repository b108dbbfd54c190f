// kill -9 of each process of a gateway in turn, while traffic runs through the tunnel.
import assert from 'node:assert/strict';
import { agreed, replaced, spis } from '../support/associations.js';
import { espSeen } from '../support/esp-capture.js';
import { killAndRecover } from '../support/kill.js';
import { now } from '../support/probe.js';
import {
  assertResumes,
  assertUntouched,
  during,
  say,
  sitesUnderProbe,
} from '../support/sites-under-probe.js';

const SIDES = ['branch', 'hq'] as const;

/** A dead IKE_SA is found by dead peer detection: a delay, then 29 s of retransmissions. */
const DPD_DELAY_S = 2;
const CLEAN_UP_MS = 60_000;

describe('kill -9 of one process', () => {
  const withSites = sitesUnderProbe({
    name: 'one-process',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) connection.dpd_delay_s = DPD_DELAY_S;
    },
  });

  for (const side of SIDES) {
    for (const name of ['agent', 'ike-bridge'] as const) {
      it(
        `${name} of ${side}: no packet is lost, the SAs stay`,
        withSites(async (sites) => {
          const before = await agreed(sites);
          const report = await during(sites, () => killAndRecover(sites[side], name));
          say(`${name} of ${side}`, report);
          assertUntouched(report);
          assert.deepEqual(await agreed(sites), before);
        }),
      ).timeout(180_000);
    }

    it(
      `dataplane of ${side}: traffic again within 5 s by the same SAs`,
      withSites(async (sites) => {
        const before = await agreed(sites);
        await assertResumes(sites, `dataplane of ${side}`, 5000, async () => {
          await killAndRecover(sites[side], 'dataplane');
          await sites.probe.arriveAfter(now());
        });
        assert.deepEqual(await agreed(sites), before);
      }),
    ).timeout(180_000);
  }

  for (const side of SIDES) {
    it(
      `charon of ${side}: new SAs take over from the old ones, and no packet is lost`,
      withSites(async (sites) => {
        const before = await spis(sites);
        const report = await during(sites, async () => {
          await killAndRecover(sites[side], 'charon');
          const after = await replaced(sites, before);
          const { esp } = sites;
          assert.ok(esp !== null);
          await Promise.all([espSeen(esp, after.branchIn), espSeen(esp, after.hqIn)]);
        });
        say(`charon of ${side}`, report);
        assertUntouched(report);
      }),
    ).timeout(180_000);
  }

  it(
    'what the killed charons left is cleaned up, and no packet is lost by that',
    withSites(async (sites) => {
      const before = await spis(sites);
      const report = await during(sites, async () => {
        assert.deepEqual(await agreed(sites, CLEAN_UP_MS), before);
      });
      say('clean-up', report);
      assertUntouched(report);
    }),
  ).timeout(CLEAN_UP_MS + 30_000);
});
