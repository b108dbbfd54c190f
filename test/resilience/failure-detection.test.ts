// A peer that is gone: how long it takes until its SAs are given up, and another way is free to be taken.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { now } from '../support/probe.js';
import { sitesSuite } from '../support/sites-suite.js';
import { HQ } from '../support/two-sites.js';

const WITHIN_S = 10;

describe('failure detection', () => {
  const suite = sitesSuite({
    name: 'detection',
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) connection.detect_failure_within_s = WITHIN_S;
    },
  });

  suite.it(`takes at most ${WITHIN_S} s, while packets go out all the time`, async (sites) => {
    const { branch, hq, router, branchHost } = sites;
    assert.ok((await ping(branchHost, HQ.host)).answered);
    // What was heard of the peer last is not older than a packet of it.
    const cut = now();
    await router.run(['ip', 'link', 'set', 'hq', 'down']);
    const outgoing = branchHost.run(['ping', '-n', '-q', '-i', '0.2', '-w', String(WITHIN_S), HQ.host], {
      check: false,
      deadlineMs: 30_000,
    });
    for (const site of [branch, hq]) {
      await until(
        `${site.names.name} to give up its peer`,
        async () => {
          const [ike, { sas }] = await Promise.all([site.tunnels(), site.dataplane.request('show-sa', {})]);
          return ike.length === 0 && sas.length === 0;
        },
        { deadlineMs: (WITHIN_S + 10) * 1000, intervalMs: 50 },
      );
      const tookMs = now() - cut;
      console.log(`      ${site.names.name} gave up after ${(tookMs / 1000).toFixed(1)} s`);
      assert.ok(tookMs <= WITHIN_S * 1000, `${site.names.name} gave up after ${tookMs.toFixed(0)} ms`);
    }
    await outgoing;
    await router.run(['ip', 'link', 'set', 'hq', 'up']);
    await until('the tunnel to be up again', async () => (await ping(branchHost, HQ.host)).answered, {
      deadlineMs: 40_000,
    });
  });
});
