// The same traffic through memory-mapped packet sockets.
import assert from 'node:assert/strict';
import { checkBasicTraffic } from '../support/basic-traffic.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH } from '../support/two-sites.js';

describe('driver af_packet on both ports of a gateway', () => {
  const suite = sitesSuite({
    name: 'af-packet',
    configure: (config, site) => {
      if (site !== BRANCH) return;
      for (const section of config.interfaces ?? []) section.driver = 'af_packet';
    },
  });

  suite.it('carries packets of every size and streams, both ways', async (sites) => {
    await checkBasicTraffic(sites);
  });

  suite.it('is what both ports report, and nothing else is wrong', async ({ branch }) => {
    const { interfaces } = await branch.dataplane.request('show-interfaces', {});
    const drivers = interfaces.filter(({ kind }) => kind === 'ethernet').map(({ driver }) => driver);
    assert.equal(drivers.length, 2);
    for (const driver of drivers) assert.match(driver ?? '', /^af_packet/);
    const { errors } = await branch.dataplane.request('show-errors', {});
    assert.deepEqual(
      errors.filter(({ severity, drop }) => severity === 'error' && drop),
      [],
    );
  });
});
