// Packets of every size through the tunnel and to the gateways themselves, with and without DF.
import assert from 'node:assert/strict';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { SIZES } from '../support/basic-traffic.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type TwoSites } from '../support/two-sites.js';

/** Links of this network, hosts' and gateways'. */
const LINK_MTU = 1500;

describe('packet sizes', () => {
  const suite = sitesSuite({ name: 'sizes' });
  const bothWays = ({ branchHost, hqHost }: TwoSites) =>
    [
      { host: branchHost, local: BRANCH, remote: HQ },
      { host: hqHost, local: HQ, remote: BRANCH },
    ] as const;

  async function allAnswered(host: LabNode, to: string, size: number, df: boolean): Promise<void> {
    const { answered, output } = await ping(host, to, { size, df });
    assert.ok(answered, `${size} octets from ${host.name} to ${to}: ${output}`);
  }

  suite.it('pass whole without DF, to the far hosts', async (sites) => {
    for (const { host, remote } of bothWays(sites)) {
      for (const size of SIZES) await allAnswered(host, remote.host, size, false);
    }
  });

  suite.it('pass whole without DF, to the LAN addresses of both gateways', async (sites) => {
    for (const { host, local, remote } of bothWays(sites)) {
      for (const size of SIZES) {
        await allAnswered(host, remote.lan, size, false);
        await allAnswered(host, local.lan, size, false);
      }
    }
  });

  suite.it('pass whole without DF, from the router to the WAN addresses', async ({ router }) => {
    for (const to of [BRANCH.wan, HQ.wan]) {
      for (const size of SIZES) await allAnswered(router, to, size, false);
      await allAnswered(router, to, LINK_MTU, true);
    }
  });

  suite.it('learn the MTU of the tunnel with DF, and the largest size that fits passes', async (sites) => {
    for (const { host, local, remote } of bothWays(sites)) {
      const site = local === BRANCH ? sites.branch : sites.hq;
      // Until the SA is known the tunnel goes by the worst that the configuration allows.
      const mtu = await until('the tunnel to go by its SA', async () => {
        const { interfaces } = await site.dataplane.request('show-interfaces', {});
        return interfaces.find(({ name, mtu }) => name === remote.name && mtu > 1400 && mtu < LINK_MTU)?.mtu;
      });
      for (const to of [remote.host, remote.lan]) {
        for (const size of [...SIZES.filter((octets) => octets < mtu), mtu]) {
          await allAnswered(host, to, size, true);
        }
        for (const size of [mtu + 1, LINK_MTU]) {
          const { received, errors, output } = await ping(host, to, { size, df: true, count: 1 });
          assert.equal(received, 0, output);
          assert.deepEqual(
            errors[0],
            { from: local.lan, text: `Frag needed and DF set (mtu = ${mtu})` },
            output,
          );
        }
      }
      // Larger than the link: the host's own kernel refuses, and no gateway is asked.
      const { sent, received, output } = await ping(host, remote.host, { size: 9000, df: true, count: 1 });
      assert.ok(received === 0 && sent <= 1, output);
      assert.match(output, /message too long/i);
    }
  });

  suite.it('drop none under an error while doing so', async ({ branch, hq }) => {
    for (const site of [branch, hq]) {
      const { errors } = await site.dataplane.request('show-errors', {});
      const bad = errors.filter(({ severity, drop }) => severity === 'error' && drop);
      assert.deepEqual(bad, []);
    }
  });
});
