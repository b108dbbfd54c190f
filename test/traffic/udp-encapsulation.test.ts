// ESP in UDP (RFC 3948): where it is forced, and where there is a NAT.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { checkBasicTraffic } from '../support/basic-traffic.js';
import { ping } from '../support/ping.js';
import { type SitesSuite, sitesSuite } from '../support/sites-suite.js';
import { BEHIND_NAT, BRANCH, HQ, type Site } from '../support/two-sites.js';
import { wireFrames } from '../support/wire.js';

const PORT_NAT = 4500;
const PROTOCOL_UDP = 17;
const PINGS = 3;
/** charon's keep_alive, 20 s, and what a busy machine adds. */
const KEEPALIVE_DEADLINE_MS = 45_000;

async function encapsulations(site: Site) {
  const { sas } = await site.dataplane.request('show-sa', {});
  return sas.map(({ encap }) => encap);
}

/** On the router, everything between the sites is UDP 4500 and has ESP in it, but for IKE. */
function wireTest(suite: SitesSuite, branchAddress: string): void {
  suite.it('sends nothing but UDP on the wire', async ({ branchHost, hqHost, router }) => {
    const capture = await router.capture({ interface: 'branch', name: 'udp' });
    for (const [host, to] of [
      [branchHost, HQ.host],
      [hqHost, BRANCH.host],
    ] as const) {
      const report = await ping(host, to, { count: PINGS });
      assert.ok(report.answered, report.output);
    }
    await capture.waitFor(4 * PINGS, { filter: 'esp' });
    const frames = await wireFrames(router, await capture.stop());
    for (const frame of frames) {
      assert.equal(frame.protocol, PROTOCOL_UDP, JSON.stringify(frame));
      assert.deepEqual([frame.source, frame.destination].sort(), [branchAddress, HQ.wan].sort());
    }
    const esp = frames.filter((frame) => frame.esp !== null);
    assert.ok(esp.length >= 4 * PINGS);
    for (const frame of esp.filter(({ destination }) => destination === HQ.wan)) {
      assert.equal(frame.port, PORT_NAT);
    }
  });
}

describe('ESP in UDP', () => {
  describe('forced by one side', () => {
    const suite = sitesSuite({
      name: 'forced-udp',
      configure: (config, site) => {
        const connection = config.ike?.connections?.[0];
        if (site === BRANCH && connection !== undefined) connection.force_udp_encapsulation = true;
      },
    });

    suite.it('is what both sides have agreed on', async ({ branch, hq }) => {
      for (const site of [branch, hq]) {
        const encap = await encapsulations(site);
        assert.equal(encap.length, 2);
        for (const ports of encap) assert.deepEqual(ports, { src_port: PORT_NAT, dst_port: PORT_NAT });
      }
    });
    suite.it('carries packets of every size and streams, both ways', async (sites) => {
      await checkBasicTraffic(sites);
    });
    wireTest(suite, BRANCH.wan);
  });

  describe('behind a NAT', () => {
    const suite = sitesSuite({
      name: 'nat',
      branchBehindNat: true,
      configure: (config, site) => {
        const connection = config.ike?.connections?.[0];
        if (connection === undefined) return;
        // Its own checks for the dead would be in place of the keepalives.
        connection.dpd_delay_s = 0;
        if (site === HQ) connection.remote.address = BEHIND_NAT.address;
      },
    });

    suite.it('is agreed on without being asked for', async ({ branch, hq }) => {
      for (const ports of await encapsulations(branch)) {
        assert.deepEqual(ports, { src_port: PORT_NAT, dst_port: PORT_NAT });
      }
      for (const ports of await encapsulations(hq)) assert.notEqual(ports, null);
      const [ike] = await hq.tunnels();
      assert.equal(ike?.remote_address, BEHIND_NAT.address);
    });
    suite.it('carries packets of every size and streams, both ways', async (sites) => {
      await checkBasicTraffic(sites);
    });
    wireTest(suite, BEHIND_NAT.address);

    suite.it('counts the keepalives, and only them', async ({ hq }) => {
      const keepalives = async (): Promise<number> => {
        const { errors } = await hq.dataplane.request('show-errors', {});
        const counter = errors.find(({ reason }) => reason === 'nat_keepalive');
        return counter?.count ?? 0;
      };
      await until('a NAT keepalive of the branch at headquarters', async () => (await keepalives()) > 0, {
        deadlineMs: KEEPALIVE_DEADLINE_MS,
        intervalMs: 500,
      });
    });
  });
});
