// The NAT before the branch gives it another port, or another address: traffic goes on from there.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { translate } from '../support/nat.js';
import { now } from '../support/probe.js';
import { assertResumes, type ProbedSites, sitesUnderProbe } from '../support/sites-under-probe.js';
import { BEHIND_NAT, HQ } from '../support/two-sites.js';

const RESUMES_MS = 2000;
const OTHER_ADDRESS = '192.0.2.77';

describe('a NAT that changes its mapping', () => {
  const withSites = sitesUnderProbe({
    name: 'nat-mapping',
    branchBehindNat: true,
    captureEsp: false,
    configure: (config, site) => {
      const connection = config.ike?.connections?.[0];
      if (site === HQ && connection !== undefined) connection.remote.address = BEHIND_NAT.address;
    },
  });

  /** Where headquarters sends to, and takes packets from. */
  const peer = async ({ hq }: ProbedSites) => {
    const { sas } = await hq.dataplane.request('show-sa', {});
    return sas.map((sa) =>
      sa.direction === 'in'
        ? { address: sa.src, port: sa.encap?.src_port }
        : { address: sa.dst, port: sa.encap?.dst_port },
    );
  };

  const cases: [string, string, number][] = [
    ['another port', BEHIND_NAT.address, 34_567],
    ['another port again', BEHIND_NAT.address, 1025],
    ['another address', OTHER_ADDRESS, 4500],
  ];
  for (const [what, address, port] of cases) {
    it(
      `${what}: traffic resumes within ${RESUMES_MS} ms, by the same SAs`,
      withSites(async (sites) => {
        const spis = async () => (await sites.hq.dataplane.request('show-sa', {})).sas.map(({ spi }) => spi);
        const { nat } = sites;
        assert.ok(nat !== null);
        const before = await spis();
        if (address === OTHER_ADDRESS) await nat.run(['ip', 'addr', 'add', `${address}/24`, 'dev', 'wan']);
        await assertResumes(sites, what, RESUMES_MS, async (tried) => {
          const mapped = port + tried - 1;
          await translate(nat, address, mapped);
          await until('headquarters to know', async () =>
            (await peer(sites)).every((end) => end.address === address && end.port === mapped),
          );
          await sites.probe.arriveAfter(now());
        });
        assert.deepEqual((await spis()).sort(), before.sort());
        const [ike] = await sites.hq.tunnels();
        assert.equal(ike?.remote_address, address);
      }),
    ).timeout(120_000);
  }
});
