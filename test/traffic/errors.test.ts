// What the network says when a packet cannot arrive, and who says it.
import assert from 'node:assert/strict';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type SiteNames, type TwoSites } from '../support/two-sites.js';

const ABSENT = 77;

describe('ICMP errors', () => {
  const suite = sitesSuite({
    name: 'errors',
    // No default route: only what leads to the other gateway.
    configure: (config, site) => {
      const remote = site === BRANCH ? HQ : BRANCH;
      config.routes = (config.routes ?? []).map((route) =>
        route.prefix === '0.0.0.0/0' ? { ...route, prefix: `${remote.wan}/32` } : route,
      );
    },
  });

  const sides = ({ branchHost, hqHost }: TwoSites) =>
    [
      { host: branchHost, local: BRANCH, remote: HQ },
      { host: hqHost, local: HQ, remote: BRANCH },
    ] as const;
  const absentOn = (site: SiteNames): string => site.lan.replace(/\d+$/, String(ABSENT));

  suite.it('show both gateways when the TTL ends on the way', async (sites) => {
    for (const { host, local, remote } of sides(sites)) {
      for (const [ttl, from] of [
        [1, local.lan],
        [2, remote.lan],
      ] as const) {
        const { errors, output } = await ping(host, remote.host, { ttl, count: 1, deadlineS: 3 });
        assert.deepEqual(errors[0], { from, text: 'Time to live exceeded' }, output);
      }
      const { received, output } = await ping(host, remote.host, { ttl: 3, count: 1 });
      assert.equal(received, 1, output);
    }
  });

  suite.it('name the far gateway when a host of its LAN is not there', async (sites) => {
    for (const { host, remote } of sides(sites)) {
      const { errors, output } = await ping(host, absentOn(remote), { count: 1 });
      assert.deepEqual(errors[0], { from: remote.lan, text: 'Destination Host Unreachable' }, output);
    }
  });

  suite.it('name the near gateway when it has no route', async (sites) => {
    for (const { host, local } of sides(sites)) {
      const { errors, output } = await ping(host, '192.0.2.99', { count: 1 });
      assert.deepEqual(errors[0], { from: local.lan, text: 'Destination Net Unreachable' }, output);
    }
  });

  suite.it('are counted where they arise', async ({ branch, hq }) => {
    for (const site of [branch, hq]) {
      const { errors } = await site.dataplane.request('show-errors', {});
      const count = (node: string, reason: string): number =>
        errors.find((error) => error.node === node && error.reason === reason)?.count ?? 0;
      assert.ok(count('ip4-rewrite', 'ttl_expired') >= 2);
      assert.ok(count('ip4-lookup', 'no_route') >= 1);
      assert.ok(count('ip4-arp', 'unresolved') >= 1);
      assert.ok(count('ip4-icmp-error', 'sent') >= 4);
    }
  });
});
