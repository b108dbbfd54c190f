// Streams through the tunnel: rates are not judged, what arrives is.
import assert from 'node:assert/strict';
import { sitesSuite } from '../support/sites-suite.js';
import { ARRIVED_LEAST, checksumErrors, iperf, missedBySockets, transfer } from '../support/streams.js';
import { BRANCH, HQ } from '../support/two-sites.js';

const RANDOM_FILE_BYTES = 20_000_000;
/** Of payload: what a voice or video flow has at most. */
const UDP_BYTES = 1300;
/** A gateway under a loaded machine may be late, not lossy: 1 in 100. */
const LOSS_MAX = 0.01;

describe('streams through the tunnel', () => {
  const suite = sitesSuite({ name: 'streams' });

  for (const reverse of [false, true]) {
    const direction = reverse ? 'to the branch' : 'to headquarters';
    for (const parallel of [1, 4]) {
      suite.it(`carry TCP ${direction}, ${parallel} at once`, async ({ branchHost, hqHost }) => {
        const { sum_received } = await iperf(branchHost, hqHost, HQ.host, { reverse, parallel });
        assert.ok((sum_received?.bytes ?? 0) >= ARRIVED_LEAST, JSON.stringify(sum_received));
      });
    }

    suite.it(`carry datagrams of ${UDP_BYTES} octets ${direction}`, async ({ branchHost, hqHost }) => {
      const receiver = reverse ? branchHost : hqHost;
      const missedBefore = await missedBySockets(receiver);
      const { sum } = await iperf(branchHost, hqHost, HQ.host, {
        reverse,
        udp: { size: UDP_BYTES, mbit: 10 },
      });
      assert.ok(sum !== undefined && sum.packets > 500, JSON.stringify(sum));
      const missed = (await missedBySockets(receiver)) - missedBefore;
      const said = `${missed} missed by the receiver, ${JSON.stringify(sum)}`;
      assert.ok(sum.lost_packets - missed <= sum.packets * LOSS_MAX, said);
    });

    suite.it(`deliver ${RANDOM_FILE_BYTES} random octets unchanged ${direction}`, async (sites) => {
      const { branchHost, hqHost } = sites;
      if (reverse) await transfer(hqHost, branchHost, BRANCH.host, RANDOM_FILE_BYTES);
      else await transfer(branchHost, hqHost, HQ.host, RANDOM_FILE_BYTES);
      // A checksum that the gateway had spoilt would have been sent again, unseen by the transfer.
      assert.deepEqual(await Promise.all([branchHost, hqHost].map(checksumErrors)), [0, 0]);
    });
  }
});
