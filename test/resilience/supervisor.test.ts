// kill -9 of `sluice up`: what it supervised goes on, and the next one takes it over.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { agreed } from '../support/associations.js';
import { ALL_PROCESSES, killAndRecover, settled } from '../support/kill.js';
import { assertUntouched, during, say, sitesUnderProbe } from '../support/sites-under-probe.js';
import type { Site } from '../support/two-sites.js';

describe('kill -9 of the supervisor', () => {
  const withSites = sitesUnderProbe({ name: 'supervisor' });

  function pids(site: Site): Record<string, number> {
    return Object.fromEntries(ALL_PROCESSES.map((name) => [name, site.pid(name)]));
  }

  for (const side of ['branch', 'hq'] as const) {
    it(
      `of ${side}: traffic goes on, the next one takes the processes over and restarts them`,
      withSites(async (sites) => {
        const site = sites[side];
        const tunnel = await agreed(sites);
        const report = await during(sites, async () => {
          const before = pids(site);
          const supervisor = site.pid('supervisor');
          process.kill(supervisor, 'SIGKILL');
          await site.up();
          await until(
            'the next supervisor',
            () => ![undefined, supervisor].includes(site.gateway.processes().get('supervisor')),
          );
          assert.deepEqual(pids(site), before);
          assert.ok(await settled(site));
          await killAndRecover(site, 'agent');
          const { agent: _, ...others } = pids(site);
          const { agent: __, ...othersBefore } = before;
          assert.deepEqual(others, othersBefore);
        });
        say(`supervisor of ${side}`, report);
        assertUntouched(report);
        assert.deepEqual(await agreed(sites), tunnel);
      }),
    ).timeout(180_000);
  }
});
