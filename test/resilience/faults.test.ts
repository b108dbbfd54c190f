// Faults of every process and link on a schedule that a seed decides, under traffic: nothing crosses in clear, no sequence
// number is used twice, and in the end all SAs agree, traffic passes, and the same processes run as at first.
//
// Half a minute as part of the tests; for longer, and by another schedule:
//   npm run faults -w test -- --seconds 600 --seed 7
import { until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { agreed } from '../support/associations.js';
import { befall, describeFault, networkOf, nextStep, randomOf } from '../support/faults.js';
import { settled } from '../support/kill.js';
import { Outside } from '../support/outside.js';
import { now } from '../support/probe.js';
import { only, residents } from '../support/residents.js';
import { assertNoDuplicates, say as sayReport, sitesUnderProbe } from '../support/sites-under-probe.js';
import type { Site } from '../support/two-sites.js';

const SECONDS = Number(process.env.SLUICE_FAULT_SECONDS ?? 30);
const DETECT_WITHIN_S = 10;
/** Until dead peers are found, duplicates have settled, and the replaced have gone. */
const AGREE_MS = 120_000;
const SETTLE_MS = 60_000;
/** So long faults follow each other; then everything must agree before there are more. */
const ROUND_SECONDS = 60;
const ROUNDS = Math.ceil(SECONDS / ROUND_SECONDS);

describe(`${SECONDS} s of faults, seed ${seed}`, () => {
  const withSites = sitesUnderProbe({
    name: 'faults',
    captureEsp: false,
    relayBranch: true,
    configure: (config) => {
      for (const connection of config.ike?.connections ?? [])
        connection.detect_failure_within_s = DETECT_WITHIN_S;
    },
  });

  it(
    'show nothing in clear, and end with SAs that agree',
    withSites(async (sites) => {
      const { branch, hq } = sites;
      const outside = await Outside.watch(sites);
      const living = new Map<Site, string[]>();
      for (const site of [branch, hq]) living.set(site, await residents(site.gateway));
      const random = randomOf(seed);
      const began = performance.now();
      const say = (what: string): void => console.log(`      ${seconds(began)} s: ${what}`);
      const start = now();
      for (let left = SECONDS; left > 0; left -= ROUND_SECONDS) {
        const round = performance.now();
        const from = now();
        let count = 0;
        while (performance.now() < round + Math.min(left, ROUND_SECONDS) * 1000) {
          const step = nextStep(random);
          say(step.faults.map(describeFault).join(', and '));
          count += step.faults.length;
          await befall(networkOf(sites), step);
        }
        const faultsOver = performance.now();
        await sites.probe.arriveAfter(now(), SETTLE_MS);
        sayReport(`${count} faults`, await sites.probe.report(from));
        for (const site of [branch, hq])
          await until(`${site.names.name} to have settled`, () => settled(site), { deadlineMs: SETTLE_MS });
        await agreed(sites, AGREE_MS);
        say(`all agree, ${seconds(faultsOver)} s after the last fault`);
      }
      for (const [site, expected] of living) await only(site.gateway, expected, SETTLE_MS);
      const report = await sites.probe.report(start);
      sayReport('in all', report);
      assertNoDuplicates(report);
      for (const [index, { esp, ike, errors }] of (await outside.check()).entries())
        say(`cable of ${['branch', 'hq'][index]}: ${esp} ESP, ${ike} IKE, ${errors} ICMP`);
    }),
  ).timeout(SECONDS * 1000 + ROUNDS * (AGREE_MS + 3 * SETTLE_MS) + SETTLE_MS);
});

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
