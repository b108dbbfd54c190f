// A path between two sites that becomes narrow: the router says so about ESP packets, and the tunnel follows.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type Site } from '../support/two-sites.js';

const NARROW = 1300;

async function tunnelMtu(site: Site, tunnel: string): Promise<number> {
  const { interfaces } = await site.dataplane.request('show-interfaces', {});
  return interfaces.find(({ name }) => name === tunnel)?.mtu ?? 0;
}

describe('path MTU of a tunnel', () => {
  const suite = sitesSuite({ name: 'path-mtu' });

  suite.it('is learnt from an ICMP error about ESP, told to hosts, and given to the twin', async (sites) => {
    const { branch, branchHost, router } = sites;
    // Until the SA is known the tunnel goes by the worst that the configuration allows.
    const before = await until('the tunnel to go by its SA', async () => {
      const mtu = await tunnelMtu(branch, HQ.name);
      return mtu > 1400 && mtu;
    });
    await router.run(['ip', 'link', 'set', 'hq', 'mtu', String(NARROW)]);
    // The packet that finds it out is lost: the error is about ESP, and says nothing of what was inside.
    await ping(branchHost, HQ.host, { size: before, df: true, count: 1, deadlineS: 1 });
    await until(
      'the tunnel to have learnt of the narrow path',
      async () => (await tunnelMtu(branch, HQ.name)) < NARROW,
    );
    const mtu = await tunnelMtu(branch, HQ.name);
    assert.ok(mtu > NARROW - 100, `${mtu}`);
    const { errors } = await ping(branchHost, HQ.host, { size: mtu + 1, df: true, count: 1 });
    assert.deepEqual(errors[0], { from: BRANCH.lan, text: `Frag needed and DF set (mtu = ${mtu})` });
    for (const df of [true, false]) {
      const { answered, output } = await ping(branchHost, HQ.host, { size: mtu, df });
      assert.ok(answered, output);
    }
    await until('Linux to have it', async () => {
      const { stdout } = await branch.gateway.run(['ip', 'link', 'show', HQ.name]);
      return stdout.includes(` mtu ${mtu} `);
    });
    const { errors: counters } = await branch.dataplane.request('show-errors', {});
    const learnt = counters.find(({ node, reason }) => node === 'path-mtu' && reason === 'learnt');
    assert.ok((learnt?.count ?? 0) > 0);
  });
});
