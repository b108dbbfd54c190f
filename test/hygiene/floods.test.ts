// Floods from the router: of ARP by stations that do not exist, and of rubbish to the ports of IKE.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { flood, macOf } from '../support/frame-sender.js';
import {
  arp,
  Dice,
  ETHERTYPE_ARP,
  ETHERTYPE_IP4,
  ethernet,
  ip4,
  PROTOCOL_UDP,
  udp,
} from '../support/frames.js';
import { randomAddress } from '../support/hostile-frames.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type Site } from '../support/two-sites.js';

const SENDERS = 100_000;
const DATAGRAMS = 100_000;
const RATE = 25_000;
/** A /24 has room for no more stations, whatever they claim. */
const NEIGHBOURS_MAX = 254 + 8;
const NON_ESP_MARKER = Buffer.alloc(4);

describe('floods', () => {
  const suite = sitesSuite({ name: 'floods' });
  const wanMac = async (site: Site): Promise<string> => {
    const { interfaces } = await site.dataplane.request('show-interfaces', {});
    return interfaces.find(({ name }) => name === 'wan')?.mac ?? '';
  };
  const spis = async (site: Site): Promise<number[]> =>
    (await site.dataplane.request('show-sa', {})).sas.map(({ spi }) => spi);

  suite.it(`of ARP by ${SENDERS} senders leave the neighbours bounded and traffic passing`, async (sites) => {
    const { branch, branchHost, router } = sites;
    const pids = branch.gateway.processes();
    const dice = new Dice(2);
    const frames = Array.from({ length: SENDERS }, (_, i) => {
      const senderMac = ['02', ...dice.octets(5).toString('hex').match(/../g)!].join(':');
      const inside = i % 2 === 0;
      const senderIp = inside ? BRANCH.wan.replace(/\d+$/, String(3 + dice.below(252))) : randomAddress(dice);
      const message = arp({ operation: 1, senderMac, senderIp, targetIp: BRANCH.wan });
      return ethernet({ to: 'ff:ff:ff:ff:ff:ff', from: senderMac }, ETHERTYPE_ARP, message);
    });
    await flood(router, 'branch', frames, RATE);
    const report = await ping(branchHost, HQ.host);
    assert.ok(report.answered, report.output);
    const { neighbours } = await branch.dataplane.request('show-neighbours', {});
    assert.ok(neighbours.length <= NEIGHBOURS_MAX, `${neighbours.length} neighbours`);
    const router1 = neighbours.find(({ address }) => address === BRANCH.router);
    assert.equal(router1?.mac, await macOf(router, 'branch'));
    assert.deepEqual(branch.gateway.processes(), pids);
  });

  suite.it(`of ${DATAGRAMS} datagrams to the ports of IKE let a rekey through`, async (sites) => {
    const { branch, hq, branchHost, router } = sites;
    const pids = branch.gateway.processes();
    const before = await spis(branch);
    const stations = { to: await wanMac(branch), from: await macOf(router, 'branch') };
    const dice = new Dice(3);
    const frames = Array.from({ length: DATAGRAMS }, (_, i) => {
      const body = dice.octets(28 + dice.below(100));
      const datagram =
        i % 2 === 0 ? udp(500, 500, body) : udp(4500, 4500, Buffer.concat([NON_ESP_MARKER, body]));
      return ethernet(
        stations,
        ETHERTYPE_IP4,
        ip4(
          { src: i % 4 < 2 ? HQ.wan : randomAddress(dice), dst: BRANCH.wan, protocol: PROTOCOL_UDP },
          datagram,
        ),
      );
    });
    const flooded = flood(router, 'branch', frames, RATE);
    const vici = `unix://${branch.gateway.runDir}/charon.vici`;
    await branch.gateway.run(['swanctl', '--rekey', '--child', 'hq', '--uri', vici]);
    await until(
      'new SAs',
      async () => {
        const now = await spis(branch);
        return now.length === 2 && now.every((spi) => !before.includes(spi));
      },
      { deadlineMs: 30_000 },
    );
    await flooded;
    const report = await ping(branchHost, HQ.host);
    assert.ok(report.answered, report.output);
    assert.deepEqual(branch.gateway.processes(), pids);
    for (const site of [branch, hq]) assert.equal((await site.tunnels()).length, 1);
    const { errors } = await branch.dataplane.request('show-errors', {});
    assert.ok(errors.some(({ reason }) => reason === 'policed_ike'));
  });
});
