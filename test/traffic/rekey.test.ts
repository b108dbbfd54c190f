// A CHILD_SA that is rekeyed because of the packets that it has carried.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { answeredAndLost } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type Site } from '../support/two-sites.js';

const REKEY_PACKETS = 1000;
const PINGS = 3000;

describe('rekey by packets', () => {
  const suite = sitesSuite({
    name: 'rekey',
    configure: (config, site) => {
      if (site !== BRANCH) return;
      for (const child of config.ike?.connections?.[0]?.children ?? []) child.rekey_packets = REKEY_PACKETS;
    },
  });
  const spis = async (site: Site): Promise<number[]> =>
    (await site.dataplane.request('show-sa', {})).sas.map(({ spi }) => spi);

  suite.it('makes new SAs, loses no packet, and removes the old SAs', async ({ branch, hq, branchHost }) => {
    const before = await spis(branch);
    assert.equal(before.length, 2);
    const pings = branchHost.run(['ping', '-n', '-c', String(PINGS), '-i', '0.002', '-s', '200', HQ.host], {
      check: false,
      deadlineMs: 60_000,
    });
    await until(
      `new SAs after ${REKEY_PACKETS} packets`,
      async () => (await spis(branch)).some((spi) => !before.includes(spi)),
      { deadlineMs: 30_000 },
    );
    const { answered, lost } = answeredAndLost((await pings).stdout);
    assert.deepEqual(lost, []);
    assert.ok(answered > PINGS / 2, `${answered} of ${PINGS} were answered`);
    for (const site of [branch, hq]) {
      await until(`${site.names.name} to have only SAs that are new`, async () => {
        const now = await spis(site);
        return now.length === 2 && now.every((spi) => !before.includes(spi));
      });
    }
  });
});
