// A connection that waits for traffic: a packet has it come up, and what came before is counted.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { killAndRecover, settled } from '../support/kill.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type Site } from '../support/two-sites.js';

describe('a connection on traffic', () => {
  const suite = sitesSuite({
    name: 'on-traffic',
    waitForTunnel: false,
    configure: (config, site) => {
      const connection = config.ike?.connections?.[0];
      if (site === BRANCH && connection !== undefined) connection.start = 'on-traffic';
    },
  });
  const sas = async (site: Site) => (await site.dataplane.request('show-sa', {})).sas;
  const withoutSa = async (site: Site): Promise<number> => {
    const { errors } = await site.dataplane.request('show-errors', {});
    return errors.find(({ node, reason }) => node === 'esp-encrypt' && reason === 'no_sa')?.count ?? 0;
  };
  /** Pings until there is an answer, and returns how often the branch had no SA for one. */
  const comesUp = async ({ branch, branchHost }: typeof suite.sites): Promise<number> => {
    const before = await withoutSa(branch);
    await until(
      'a ping to be answered',
      async () => (await ping(branchHost, HQ.host, { count: 1 })).answered,
      {
        intervalMs: 50,
      },
    );
    return (await withoutSa(branch)) - before;
  };

  suite.it('waits while nobody wants through the tunnel', async ({ branch, hq }) => {
    await until('the branch to have settled', () => settled(branch));
    assert.deepEqual(await sas(branch), []);
    assert.deepEqual(await sas(hq), []);
    assert.deepEqual((await branch.ikeBridge.request('show-ike', {})).ike_sas, []);
  });

  suite.it('comes up by a ping, and counts what came before', async (sites) => {
    const lost = await comesUp(sites);
    assert.ok(lost >= 1, 'no packet met the tunnel without an SA');
    assert.equal((await sas(sites.branch)).length, 2);
    console.log(`      ${lost} pings met the tunnel without an SA`);
  });

  suite.it('comes up again after it was terminated, by the next packet and not before', async (sites) => {
    const { branch } = sites;
    await branch.ikeBridge.request('terminate', { connection: HQ.name });
    await until('its SAs to be gone', async () => (await sas(branch)).length === 0);
    assert.ok(await settled(branch));
    assert.deepEqual(await sas(branch), []);
    assert.ok((await comesUp(sites)) >= 1);
  });

  suite.it('comes up after charon and the bridge have started again', async (sites) => {
    const { branch } = sites;
    await branch.ikeBridge.request('terminate', { connection: HQ.name });
    await until('its SAs to be gone', async () => (await sas(branch)).length === 0);
    await killAndRecover(branch, 'charon', 'ike-bridge');
    assert.ok((await comesUp(sites)) >= 1);
  });
});
