// What an eavesdropper on the router sees of the sites' traffic.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { transfer } from '../support/streams.js';
import { BRANCH, HQ } from '../support/two-sites.js';
import { contains, sequences, type WireFrame, wireFrames } from '../support/wire.js';

const PINGS = 3;
/** Expedited forwarding, AF11, and ECT(0), as they stand in the header. */
const MARKS = [0xb8, 0x28, 0x02];
const PROTOCOL_ESP = 50;
const FILE_BYTES = 3_000_000;

describe('on the router', () => {
  const suite = sitesSuite({ name: 'wire' });
  const to = (frames: readonly WireFrame[], address: string) =>
    frames.filter(({ esp, destination }) => esp !== null && destination === address);

  suite.it(
    'there is ESP between the gateways, by the SPIs that they report, and nothing in clear',
    async (sites) => {
      const { branchHost, hqHost, router, branch, hq } = sites;
      const marker = randomBytes(16);
      const [onRouter, atHost] = await Promise.all([
        router.capture({ interface: 'branch', name: 'clear-router' }),
        hqHost.capture({ interface: 'eth0', name: 'clear-host', filter: 'icmp' }),
      ]);
      const pattern = ['-p', marker.toString('hex'), '-c', String(PINGS), '-w', '10', '-i', '0.05'];
      await branchHost.run(['ping', '-n', ...pattern, HQ.host]);
      await hqHost.run(['ping', '-n', ...pattern, BRANCH.host]);
      await Promise.all([onRouter.waitFor(4 * PINGS, { filter: 'esp' }), atHost.waitFor(4 * PINGS)]);
      const [routerFile, hostFile] = await Promise.all([onRouter.stop(), atHost.stop()]);
      assert.ok(contains(hostFile, marker), 'the marker is not even where it was sent in clear');
      assert.ok(!contains(routerFile, marker), 'what the hosts said crossed the router in clear');

      const frames = await wireFrames(router, routerFile);
      for (const frame of frames) {
        assert.ok(frame.isIke || frame.protocol === PROTOCOL_ESP, JSON.stringify(frame));
        assert.deepEqual([frame.source, frame.destination].sort(), [BRANCH.wan, HQ.wan].sort());
      }
      for (const [site, remote] of [
        [branch, HQ],
        [hq, BRANCH],
      ] as const) {
        const { sas } = await site.dataplane.request('show-sa', {});
        const reported = sas.filter(({ direction }) => direction === 'out').map(({ spi }) => spi);
        const seen = [...new Set(to(frames, remote.wan).map(({ esp }) => esp?.spi))];
        assert.deepEqual(seen, reported);
        assert.ok(to(frames, remote.wan).length >= 2 * PINGS);
      }
    },
  );

  suite.it('the outer header carries the DSCP and ECN of the inner one', async ({ branchHost, router }) => {
    for (const tos of MARKS) {
      const capture = await router.capture({ interface: 'branch', name: `tos-${tos}`, filter: 'esp' });
      const report = await ping(branchHost, HQ.host, { tos: `0x${tos.toString(16)}`, count: PINGS });
      assert.ok(report.answered, report.output);
      await capture.waitFor(2 * PINGS);
      const frames = await wireFrames(router, await capture.stop());
      assert.deepEqual([...new Set(to(frames, HQ.wan).map((frame) => frame.tos))], [tos]);
    }
  });

  suite.it('sequence numbers rise one by one, and every IP checksum is right', async (sites) => {
    const { branchHost, hqHost, router } = sites;
    const capture = await router.capture({ interface: 'branch', name: 'sequence', snapLength: 96 });
    await Promise.all([transfer(branchHost, hqHost, HQ.host, FILE_BYTES)]);
    await transfer(hqHost, branchHost, BRANCH.host, FILE_BYTES);
    const frames = await wireFrames(router, await capture.stop());
    assert.ok(frames.length > (2 * FILE_BYTES) / 1500);
    assert.deepEqual(
      frames.filter(({ checksumGood }) => !checksumGood),
      [],
    );
    const bySpi = sequences(frames);
    assert.equal(bySpi.size, 2);
    for (const [spi, numbers] of bySpi) {
      const first = numbers[0] ?? 0;
      // tcpdump may miss some of a burst; what the gateway sends is never out of order.
      const wrong = numbers.findIndex((number, i) => i > 0 && number <= (numbers[i - 1] ?? 0));
      assert.equal(wrong, -1, `SPI ${spi}: ${numbers.slice(Math.max(0, wrong - 3), wrong + 3).join(' ')}`);
      assert.ok(first > 0);
    }
  });
});
