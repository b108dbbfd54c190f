// Faults of every process and link on a schedule that a seed decides, under traffic: nothing crosses in clear, no sequence
// number is used twice, and in the end all SAs agree.
//
// A minute as part of the tests; ten, in test/, by
//   SLUICE_FAULT_SECONDS=600 npx mocha --no-config dist/resilience/faults.test.js
// and another schedule by SLUICE_SEED.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { agreed } from '../support/associations.js';
import { begin, describeFault, nextFault, randomOf } from '../support/faults.js';
import { settled } from '../support/kill.js';
import { now } from '../support/probe.js';
import { during, say, sitesUnderProbe } from '../support/sites-under-probe.js';

const SECONDS = Number(process.env.SLUICE_FAULT_SECONDS ?? 60);
const DETECT_WITHIN_S = 10;
/** Until dead peers are found, duplicates have settled, and the replaced have gone. */
const AGREE_MS = 120_000;
/** Either side's hosts: what must not be seen outside of ESP. */
const INNER = 'net 10.0.0.0/8';

describe(`${SECONDS} s of faults, seed ${seed}`, () => {
  const withSites = sitesUnderProbe({
    name: 'faults',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? [])
        connection.detect_failure_within_s = DETECT_WITHIN_S;
    },
  });

  it(
    'show nothing in clear, and end with SAs that agree',
    withSites(async (sites) => {
      const { branch, hq, router } = sites;
      const clear = await Promise.all(
        ['branch', 'hq'].map((device) =>
          router.capture({ interface: device, filter: INNER, name: `clear-${device}` }),
        ),
      );
      const random = randomOf(seed);
      const deadline = performance.now() + SECONDS * 1000;
      const log: string[] = [];
      const began = performance.now();
      const report = await during(sites, async () => {
        while (performance.now() < deadline) {
          const fault = nextFault(random);
          log.push(`${((performance.now() - began) / 1000).toFixed(1)} s: ${describeFault(fault)}`);
          const end = await begin(sites, fault);
          try {
            await passed(fault.lastsMs);
          } finally {
            await end();
          }
          await passed(fault.restMs);
        }
        const from = now();
        await sites.probe.arriveAfter(from, 60_000);
      });
      router.writeFile('faults.log', `${log.join('\n')}\n`);
      say(`${log.length} faults`, report);
      for (const site of [branch, hq])
        await until(`${site.names.name} to have settled`, () => settled(site), { deadlineMs: 60_000 });
      await agreed(sites, AGREE_MS);
      for (const capture of clear) {
        const path = await capture.stop();
        assert.equal(await frames(router, path), 0, `packets in clear in ${path}`);
      }
      for (const flow of [report.toHq, report.toBranch]) assert.equal(flow.duplicates, 0);
    }),
  ).timeout(SECONDS * 1000 + AGREE_MS + 200_000);

  async function frames(
    node: { run(argv: string[]): Promise<{ stdout: string }> },
    path: string,
  ): Promise<number> {
    const { stdout } = await node.run(['tcpdump', '-n', '-r', path]);
    return stdout.split('\n').filter((line) => line !== '').length;
  }
});

/** A fault lasts as long as the schedule says: here the clock is the condition. */
function passed(ms: number): Promise<true> {
  const end = performance.now() + ms;
  return until(`${ms} ms of the schedule to pass`, () => performance.now() >= end, {
    deadlineMs: ms + 10_000,
  });
}
