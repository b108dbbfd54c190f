// Frames that are cut, corrupted or random, by the hundred thousand, into both ports of a running gateway.
import assert from 'node:assert/strict';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { type Figures, figures, startingFigures, unaccounted } from '../support/balance.js';
import { checkBasicTraffic } from '../support/basic-traffic.js';
import { macOf, sendFrames } from '../support/frame-sender.js';
import { Dice } from '../support/frames.js';
import { hostileFrames } from '../support/hostile-frames.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ, type Site, type TwoSites } from '../support/two-sites.js';

const FRAMES = 100_000;
/** The kernel may drop a frame before the port has it; the port counts what the kernel found no descriptor for. */
const RECEIVED_LEAST = 0.95;
/** Longer than a packet waits for a neighbour. */
const SETTLE_MS = 45_000;
/** Frames that may rest in the caches and rings of threads: a leak of one frame in a hundred would be more. */
const RESTING_MAX = FRAMES / 100;

describe('hostile frames', () => {
  const suite = sitesSuite({ name: 'hostile' });

  async function macOfPort(site: Site, name: string): Promise<string> {
    const { interfaces } = await site.dataplane.request('show-interfaces', {});
    return interfaces.find((entry) => entry.name === name)?.mac ?? '';
  }

  /** Sends them, and has every frame that came in or went out accounted for. */
  async function balanced(sites: TwoSites, sender: LabNode, device: string, dice: Dice): Promise<void> {
    const { branch, router } = sites;
    const wan = sender === router;
    const mac = await macOfPort(branch, wan ? 'wan' : 'lan');
    const { sas } = await branch.dataplane.request('show-sa', {});
    const frames = hostileFrames(dice, FRAMES, {
      stations: { to: mac, from: await macOf(sender, device) },
      from: wan ? BRANCH.router : BRANCH.host,
      to: wan ? BRANCH.wan : BRANCH.lan,
      beyond: wan ? [HQ.wan, BRANCH.host] : [HQ.host, HQ.lan, HQ.wan, '192.0.2.1'],
      spis: sas.map(({ spi }) => spi),
    });
    const pids = branch.gateway.processes();
    const before = await startingFigures(branch);
    await sendFrames(sender, device, frames, { site: branch, port: wan ? 'wan' : 'lan' });

    let last: Figures = before;
    await until(
      'every frame to have an outcome',
      async () => {
        last = await figures(branch);
        assert.equal(unaccounted(before, last), 0, `${JSON.stringify(before)} → ${JSON.stringify(last)}`);
        const since = (key: keyof Figures): number => last[key] - before[key];
        assert.equal(since('interfaceDrops'), since('dropped') + since('icmpErrors'), "interfaces' drops");
        return true;
      },
      { deadlineMs: SETTLE_MS, intervalMs: 250 },
    );
    assert.ok(
      last.received - before.received >= FRAMES * RECEIVED_LEAST,
      `${last.received - before.received}`,
    );
    assert.ok(before.framesFree - last.framesFree < RESTING_MAX, `${before.framesFree} → ${last.framesFree}`);
    assert.deepEqual(branch.gateway.processes(), pids);
  }

  suite.it(`from the router: each has an outcome (seed ${seed})`, async (sites) => {
    await balanced(sites, sites.router, 'branch', new Dice(seed));
  });

  suite.it(`from a host: each has an outcome (seed ${seed + 1})`, async (sites) => {
    await balanced(sites, sites.branchHost, 'eth0', new Dice(seed + 1));
  });

  suite.it('are counted under many reasons, and not under one', async ({ branch }) => {
    const { errors } = await branch.dataplane.request('show-errors', {});
    const reasons = errors.filter(({ drop }) => drop).map(({ node, reason }) => `${node}/${reason}`);
    for (const reason of [
      'ethernet-input/unknown_type',
      'ip4-input/truncated',
      'ip4-input/bad_checksum',
      'ip4-input/bad_version',
      'ip4-input/bad_total_length',
      'arp-input/malformed',
      'esp-input/unknown_spi',
    ]) {
      assert.ok(reasons.includes(reason), `none under ${reason}; there are ${reasons.join(', ')}`);
    }
  });

  suite.it('leave the tunnel as it was', async (sites) => {
    await checkBasicTraffic(sites);
    assert.equal((await sites.branch.tunnels()).length, 1);
  });
});
