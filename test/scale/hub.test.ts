// A hub and its peers: all get their tunnel, traffic passes through each, and every view of them has them all.
//
// Some as part of the tests; hundreds, with figures, by `npm run scale -w test` (SLUICE_SCALE_TUNNELS says how many).
import assert from 'node:assert/strict';
import { Lab } from '@sluice/lab';
import { until } from '@sluice/shared';
import { sluice } from '../support/cli.js';
import { Hub } from '../support/hub.js';

/** More than those beyond which the bridge does things otherwise (64). */
const TUNNELS = Number(process.env.SLUICE_SCALE_TUNNELS ?? 70);
const MEASURED = process.env.SLUICE_SCALE_TUNNELS !== undefined;
const DEADLINE_MS = 60_000 + TUNNELS * 200;

describe(`${TUNNELS} tunnels on a hub`, () => {
  let lab: Lab;
  let hub: Hub;
  let failed = false;

  before(async function () {
    this.timeout(DEADLINE_MS);
    lab = await Lab.create({ name: 'scale' });
    hub = await Hub.build(lab, TUNNELS);
  });

  afterEach(function () {
    failed ||= this.currentTest?.state !== 'passed';
  });

  after(async function () {
    this.timeout(60_000);
    if (lab === undefined) return;
    lab.keepLogs = failed;
    await hub?.close();
    const logs = await lab.stop();
    if (logs !== null) console.log(`      logs: ${logs}`);
  });

  it('the gateway takes the configuration', async () => {
    const ms = await timed(() => hub.up(DEADLINE_MS));
    say('configured', ms);
    figures();
  }).timeout(DEADLINE_MS);

  it('all peers that call at once get their tunnel', async () => {
    const ms = await timed(async () => {
      await hub.peers.connect();
      await until('all tunnels to be there', async () => (await hub.tunnels()) === TUNNELS, {
        deadlineMs: DEADLINE_MS,
        intervalMs: Math.max(100, TUNNELS),
      });
    });
    say(`connected, ${Math.round((TUNNELS * 1000) / ms)} tunnels a second`, ms);
    figures();
  }).timeout(DEADLINE_MS);

  it('traffic passes through every tunnel', async () => {
    const { answered, output } = await hub.pingAll(30, 1000);
    assert.equal(answered, TUNNELS, output);
  }).timeout(60_000);

  it('show ike and show sa have all of them', async () => {
    for (const [subject, each] of [
      ['ike', TUNNELS],
      ['sa', 2 * TUNNELS],
    ] as const) {
      let found = 0;
      const ms = await timed(async () => {
        const { code, stdout, stderr } = await sluice(hub.gateway, 'show', subject, '--json');
        assert.equal(code, 0, stderr);
        found = (stdout.match(/"spi_in"|"spi"/g) ?? []).length;
      });
      assert.equal(found, each);
      say(`show ${subject}`, ms);
    }
  }).timeout(60_000);

  function figures(): void {
    if (!MEASURED) return;
    for (const [name, { mib, cpuS }] of hub.figures())
      console.log(`      ${name}: ${mib.toFixed(0)} MiB, ${cpuS.toFixed(1)} s of processor time`);
  }
});

async function timed(body: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

function say(what: string, ms: number): void {
  if (MEASURED) console.log(`      ${what}: ${(ms / 1000).toFixed(2)} s`);
}
