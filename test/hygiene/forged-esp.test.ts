// ESP that only looks like the tunnel's: forged under its SPI, or sent once more.
import assert from 'node:assert/strict';
import { type SaReport, until } from '@sluice/shared';
import { macOf, sendFrames } from '../support/frame-sender.js';
import { Dice, ETHERTYPE_IP4, esp, ethernet, framesOf, ip4, PROTOCOL_ESP } from '../support/frames.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { transfer } from '../support/streams.js';
import { BRANCH, HQ, type Site } from '../support/two-sites.js';

const FORGED = 5000;
const FILE_BYTES = 500_000;

describe('ESP by somebody else', () => {
  const suite = sitesSuite({ name: 'forged' });

  async function inbound(site: Site): Promise<SaReport> {
    const { sas } = await site.dataplane.request('show-sa', {});
    const [sa] = sas.filter(({ direction }) => direction === 'in');
    assert.ok(sa !== undefined);
    return sa;
  }
  async function dropped(site: Site, reason: string): Promise<number> {
    const { errors } = await site.dataplane.request('show-errors', {});
    return errors.find((error) => error.node === 'esp-decrypt' && error.reason === reason)?.count ?? 0;
  }

  suite.it('under a valid SPI is counted as failed integrity, and moves nothing', async (sites) => {
    const { branch, branchHost, router } = sites;
    const { interfaces } = await branch.dataplane.request('show-interfaces', {});
    const stations = {
      to: interfaces.find(({ name }) => name === 'wan')?.mac ?? '',
      from: await macOf(router, 'branch'),
    };
    const before = await inbound(branch);
    const dice = new Dice(1);
    const frames = Array.from({ length: FORGED }, (_, i) => {
      // Just ahead of the window: numbers that the peer will use, which a forger must not be able to burn.
      const body = dice.octets(8 + 36 + dice.below(200));
      const packet = esp(before.spi, before.counters.sequence + 1 + i, body);
      return ethernet(
        stations,
        ETHERTYPE_IP4,
        ip4({ src: HQ.wan, dst: BRANCH.wan, protocol: PROTOCOL_ESP }, packet),
      );
    });
    const failedBefore = await dropped(branch, 'integrity_failed');
    await sendFrames(router, 'branch', frames, { site: branch, port: 'wan' });
    const after = await until(`${FORGED} packets of failed integrity`, async () => {
      const now = await inbound(branch);
      return now.counters.integrity_failed - before.counters.integrity_failed === FORGED && now;
    });
    assert.equal((await dropped(branch, 'integrity_failed')) - failedBefore, FORGED);
    assert.deepEqual(after.counters, {
      ...before.counters,
      integrity_failed: after.counters.integrity_failed,
    });
    const report = await ping(branchHost, HQ.host, { count: 20 });
    assert.ok(report.answered, report.output);
    assert.equal((await inbound(branch)).counters.replayed, before.counters.replayed);
  });

  suite.it('that was captured before is counted as replayed, and reaches no host', async (sites) => {
    const { branch, branchHost, hqHost, router } = sites;
    const capture = await router.capture({
      interface: 'branch',
      name: 'to-replay',
      filter: `esp and dst host ${BRANCH.wan}`,
    });
    await transfer(hqHost, branchHost, BRANCH.host, FILE_BYTES);
    const frames = framesOf(await capture.stop());
    assert.ok(frames.length > FILE_BYTES / 1500);

    const before = await inbound(branch);
    const passedBefore = await dropped(branch, 'replayed');
    const atHost = await branchHost.capture({
      interface: 'eth0',
      name: 'after-replay',
      filter: 'tcp or icmp',
    });
    await sendFrames(router, 'branch', frames, { site: branch, port: 'wan' });
    const after = await until(`${frames.length} replayed packets`, async () => {
      const now = await inbound(branch);
      return now.counters.replayed - before.counters.replayed === frames.length && now;
    });
    assert.equal((await dropped(branch, 'replayed')) - passedBefore, frames.length);
    assert.deepEqual(after.counters, { ...before.counters, replayed: after.counters.replayed });
    // Had any of the replayed frames reached the host, it would be there before the answer to this ping.
    const report = await ping(hqHost, BRANCH.host, { count: 1 });
    assert.ok(report.answered, report.output);
    await atHost.waitFor(2 * report.sent);
    assert.equal(framesOf(await atHost.stop()).length, 2 * report.sent);
  });
});
