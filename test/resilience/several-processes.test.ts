// kill -9 of several processes of a gateway at the same moment, while traffic runs through the tunnel.
import { agreed } from '../support/associations.js';
import { ALL_PROCESSES, killAndRecover, type ProcessName } from '../support/kill.js';
import { now } from '../support/probe.js';
import {
  assertResumes,
  assertUntouched,
  during,
  say,
  sitesUnderProbe,
} from '../support/sites-under-probe.js';

const SIDES = ['branch', 'hq'] as const;
/** Twice what one process may cost: two losses at once need a new key exchange, and share the processors. */
const GAP_MS = 10_000;
/** Beside the SAs in use, others may be waiting for dead peer detection to find that their peer has gone. */
const DPD_DELAY_S = 2;
const CLEAN_UP_MS = 60_000;

describe('kill -9 of several processes at once', () => {
  const withSites = sitesUnderProbe({
    name: 'several-processes',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) connection.dpd_delay_s = DPD_DELAY_S;
    },
  });

  for (const side of SIDES) {
    const outages: ProcessName[][] = [['dataplane', 'ike-bridge'], [...ALL_PROCESSES]];
    for (const names of outages) {
      it(
        `${names.join(', ')} of ${side}: traffic again within 10 s`,
        withSites(async (sites) => {
          await assertResumes(sites, `${names.join(', ')} of ${side}`, GAP_MS, async () => {
            await killAndRecover(sites[side], ...names);
            await sites.probe.arriveAfter(now());
          });
        }),
      ).timeout(180_000);
    }

    it(
      `ike-bridge and charon of ${side}: no packet is lost`,
      withSites(async (sites) => {
        const report = await during(sites, () => killAndRecover(sites[side], 'ike-bridge', 'charon'));
        say(`ike-bridge and charon of ${side}`, report);
        assertUntouched(report);
      }),
    ).timeout(180_000);
  }

  it(
    'what they left is cleaned up, and no packet is lost by that',
    withSites(async (sites) => {
      const report = await during(sites, async () => {
        await agreed(sites, CLEAN_UP_MS);
      });
      say('clean-up', report);
      assertUntouched(report);
    }),
  ).timeout(CLEAN_UP_MS + 30_000);
});
