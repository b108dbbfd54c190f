// What the gateway itself sends and receives through the tunnel: by the TUN twin on Linux.
import assert from 'node:assert/strict';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { checksumErrors, transfer } from '../support/streams.js';
import { BRANCH, HQ } from '../support/two-sites.js';

const BYTES = 1_000_000;

describe("the gateway's own traffic", () => {
  const suite = sitesSuite({ name: 'own' });

  suite.it('pings the far host and the far gateway from its LAN address', async ({ branch, hq }) => {
    for (const [site, remote] of [
      [branch, HQ],
      [hq, BRANCH],
    ] as const) {
      for (const to of [remote.host, remote.lan]) {
        for (const size of [84, 1400, 9000]) {
          const report = await ping(site.gateway, to, { from: site.names.lan, size });
          assert.ok(report.answered, report.output);
        }
      }
    }
  });

  suite.it('takes TCP from the far host on its LAN address', async ({ branchHost, hq, hqHost, branch }) => {
    await transfer(branchHost, hq.gateway, HQ.lan, BYTES);
    await transfer(hqHost, branch.gateway, BRANCH.lan, BYTES);
  });

  suite.it('takes TCP from its own LAN', async ({ branchHost, branch }) => {
    await transfer(branchHost, branch.gateway, BRANCH.lan, BYTES);
  });

  suite.it('sends TCP to the far host from its LAN address', async ({ branch, hqHost, hq, branchHost }) => {
    await transfer(branch.gateway, hqHost, HQ.host, BYTES, { source: BRANCH.lan });
    await transfer(hq.gateway, branchHost, BRANCH.host, BYTES, { source: HQ.lan });
  });

  suite.it('has no wrong checksum in what it is given', async ({ branch, hq, branchHost, hqHost }) => {
    const nodes = [branch.gateway, hq.gateway, branchHost, hqHost];
    assert.deepEqual(await Promise.all(nodes.map(checksumErrors)), [0, 0, 0, 0]);
  });

  suite.it('counts what goes to Linux and what comes from it at the tunnel', async ({ branch, hq }) => {
    for (const [site, tunnel] of [
      [branch, 'hq'],
      [hq, 'branch'],
    ] as const) {
      const { interfaces } = await site.dataplane.request('show-interfaces', {});
      const report = interfaces.find(({ name }) => name === tunnel);
      assert.ok(report !== undefined && report.punted > 100 && report.injected > 100, JSON.stringify(report));
    }
  });
});
