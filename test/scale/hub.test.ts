// A hub and its peers: all get their tunnel, traffic passes through each, and every view of them has them all.
//
// Some as part of the tests; hundreds, with figures, by `npm run scale -w test` (SLUICE_SCALE_TUNNELS says how many).
import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import { Lab } from '@sluice/lab';
import { until } from '@sluice/shared';
import { sluice } from '../support/cli.js';
import { Hub } from '../support/hub.js';

/** More than those beyond which the bridge does things otherwise (64). */
const TUNNELS = Number(process.env.SLUICE_SCALE_TUNNELS ?? 70);
const MEASURED = process.env.SLUICE_SCALE_TUNNELS !== undefined;
const DEADLINE_MS = 60_000 + TUNNELS * 200;
/** A look at thousands of SAs keeps the data plane busy for a while. */
const LOOK_MS = Math.max(100, 4 * TUNNELS);
/** Packets a second that are offered: more than one sender in Python has ever sent. */
const FLOOD_RATE = 1_000_000;

describe(`${TUNNELS} tunnels on a hub`, () => {
  let lab: Lab;
  let hub: Hub;
  let failed = false;
  let atFirst: ReturnType<Hub['figures']> = new Map();

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
    say(`load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`);
    say('configured', await timed(() => hub.up(DEADLINE_MS)));
    atFirst = hub.figures();
  }).timeout(DEADLINE_MS);

  it('all peers that call at once get their tunnel', async () => {
    const ms = await timed(async () => {
      await hub.peers.connect();
      await until('all tunnels to be there', async () => (await hub.tunnels()) === TUNNELS, {
        deadlineMs: DEADLINE_MS,
        intervalMs: LOOK_MS,
      });
    });
    say(`connected, ${Math.round((TUNNELS * 1000) / ms)} tunnels a second`, ms);
    say(`${hub.installations()} SAs were installed for ${2 * TUNNELS}`);
    for (const [name, { mib, cpuS }] of hub.figures()) {
      const { mib: mibBefore, cpuS: cpuBefore } = atFirst.get(name) ?? { mib, cpuS };
      const kib = ((mib - mibBefore) * 1024) / TUNNELS;
      say(
        `${name}: ${mib.toFixed(0)} MiB, ${kib.toFixed(0)} KiB and ${perTunnelMs(cpuS - cpuBefore)} a tunnel`,
      );
    }
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

  it('a bridge that was killed takes back what it had, and agrees with charon', async () => {
    say('reconciled', await timed(() => hub.restartBridge(DEADLINE_MS)));
    assert.equal(await hub.tunnels(), TUNNELS);
  }).timeout(2 * DEADLINE_MS);

  it('all tunnels are rekeyed at once, and answer afterwards', async () => {
    const installed = hub.installations();
    const ms = await timed(async () => {
      const old = await hub.rekeyAll();
      await until('all tunnels to have new SAs', async () => (await hub.tunnels(old)) === TUNNELS, {
        deadlineMs: DEADLINE_MS,
        intervalMs: LOOK_MS,
      });
    });
    say(`rekeyed, ${Math.round((TUNNELS * 1000) / ms)} tunnels a second`, ms);
    say(`${hub.installations() - installed} SAs were installed for ${2 * TUNNELS}`);
    const { answered, output } = await hub.pingAll(30, 1000);
    assert.equal(answered, TUNNELS, output);
  }).timeout(DEADLINE_MS + 60_000);

  if (MEASURED) {
    it('traffic is spread over all tunnels', async () => {
      for (const octets of [64, 1400]) {
        const { sent, received, encrypted, drops } = await hub.flood(5, FLOOD_RATE, octets);
        assert.ok(encrypted > 0);
        const [sentText, receivedText, encryptedText] = [sent, received, encrypted].map(Math.round);
        say(
          `${octets} octets to all tunnels in turn, packets a second: ${sentText} sent, ${receivedText} received, ${encryptedText} encrypted`,
        );
        for (const [name, perSecond] of drops) say(`${name}: ${Math.round(perSecond)}`);
      }
    }).timeout(180_000);
  }
});

function perTunnelMs(seconds: number): string {
  return `${((seconds * 1000) / TUNNELS).toFixed(1)} ms of processor time`;
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

function say(what: string, ms?: number): void {
  if (MEASURED) console.log(`      ${what}${ms === undefined ? '' : `: ${(ms / 1000).toFixed(2)} s`}`);
}
