// Tunnels that fragment after encryption: outer packets are cut and put together, and what is inside comes out as it
// went in.
import assert from 'node:assert/strict';
import type { LabNode } from '@sluice/lab';
import { checkBasicTraffic, SIZES } from '../support/basic-traffic.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type TwoSites } from '../support/two-sites.js';

/** The longest packet that IP has. */
const LONGEST = 65_535;

describe('fragmentation after encryption', () => {
  const suite = sitesSuite({
    name: 'after',
    configure: (config) => {
      for (const tunnel of config.tunnels ?? []) Object.assign(tunnel, { fragmentation: 'after' });
    },
  });
  const bothWays = ({ branchHost, hqHost }: TwoSites): [LabNode, string][] => [
    [branchHost, HQ.host],
    [hqHost, BRANCH.host],
  ];

  suite.it('carries packets of every size and streams, both ways', async (sites) => {
    await checkBasicTraffic(sites);
  });

  suite.it(
    'carries packets of a full link with DF, which no fragmentation before it could',
    async (sites) => {
      for (const [host, to] of bothWays(sites)) {
        for (const size of SIZES.filter((octets) => octets <= 1500)) {
          const { answered, output } = await ping(host, to, { size, df: true });
          assert.ok(answered, `${size} octets: ${output}`);
        }
      }
    },
  );

  suite.it("carries hosts' own fragments as they are: a full link's packets stay whole", async (sites) => {
    const { hqHost, branchHost } = sites;
    const capture = await hqHost.capture({ interface: 'eth0', name: 'fragments' });
    const { answered, output } = await ping(branchHost, HQ.host, { size: LONGEST, count: 1 });
    assert.ok(answered, output);
    // 45 fragments there, of which all but the last are full, and 45 back.
    await capture.waitFor(90, { filter: 'ip.flags.mf == 1 || ip.frag_offset > 0' });
    await capture.waitFor(88, { filter: 'ip.len == 1500' });
    await capture.stop();
  });

  suite.it('has put outer packets together, and none was lost', async ({ branch, hq }) => {
    for (const site of [branch, hq]) {
      const { errors } = await site.dataplane.request('show-errors', {});
      const count = (path: string): number =>
        errors.find(({ node, reason }) => `${node}/${reason}` === path)?.count ?? 0;
      assert.ok(count('ip4-reassembly/reassembled') > 0);
      assert.ok(count('ip4-frag/fragments') > 0);
      assert.deepEqual(
        errors.filter(({ node, drop }) => drop && node === 'ip4-reassembly'),
        [],
      );
    }
  });
});
