// Mixed traffic, rekeyings, changes of the configuration and people who look: memory stays flat, no frame is lost.
//
// A minute as part of the tests; an hour, in test/, by
//   SLUICE_SOAK_SECONDS=3600 npx mocha --no-config dist/resilience/soak.test.js
import assert from 'node:assert/strict';
import { captureFilterSchema, traceFilterSchema, until } from '@sluice/shared';
import { settled } from '../support/kill.js';
import { growthOf, type MemorySeries, median, sampleInto } from '../support/memory.js';
import { ping } from '../support/ping.js';
import { now } from '../support/probe.js';
import { type ProbedSites, say, sitesUnderProbe } from '../support/sites-under-probe.js';
import { iperf } from '../support/streams.js';
import { HQ, type Site } from '../support/two-sites.js';

const SECONDS = Number(process.env.SLUICE_SOAK_SECONDS ?? 60);
/** The shortest that the configuration allows. */
const REKEY_TIME_S = 10;
/** Up to here the encrypted packets are kept, some 80 MB a minute, and searched for numbers used twice. */
const CAPTURED_SECONDS = 300;
/**
 * What a process may take more in the last quarter than in the second: V8 lets a heap grow while it has room. A leak of
 * an octet a packet would be more than this in some minutes, one of an object a rekeying within the hour.
 */
const GROWTH_KIB = 24 << 10;
/** Frames of the pool that may be on their way at one look and not at another. */
const FRAMES_MOVING = 256;
/** Memory is what counts here: a machine that has other work for a while does not end an hour's run. */
const PATIENT = { deadlineMs: 60_000 };

describe(`${SECONDS} s of mixed traffic, rekeyings and changes`, () => {
  const withSites = sitesUnderProbe({
    name: 'soak',
    // A capture of a long run is larger than can be read.
    captureEsp: SECONDS <= CAPTURED_SECONDS,
    configure: (config) => {
      for (const connection of config.ike?.connections ?? []) {
        connection.rekey_time_s = REKEY_TIME_S;
        for (const child of connection.children) child.rekey_time_s = REKEY_TIME_S;
      }
    },
  });

  it(
    'leave memory flat and give every frame back',
    withSites(async (sites) => {
      const { branch, hq } = sites;
      const from = now();
      const deadline = performance.now() + SECONDS * 1000;
      const memory: MemorySeries = new Map();
      const frames = new Map<Site, number[]>([branch, hq].map((site) => [site, []]));
      /** Does something about once a second, as often as counters are published, until the time is over. */
      const repeatedly = async (body: () => Promise<void>): Promise<void> => {
        while (performance.now() < deadline) {
          await body();
          await nextCounters(branch);
        }
      };
      await Promise.all([
        repeatedly(() => traffic(sites)),
        repeatedly(() => change(branch)),
        repeatedly(() => look(hq)),
        repeatedly(async () => {
          for (const site of [branch, hq]) {
            const named = [...site.gateway.processes()];
            sampleInto(memory, new Map(named.map(([name, pid]) => [`${site.names.name}/${name}`, pid])));
            const { frames_free } = await site.dataplane.request('show-runtime', {}, PATIENT);
            frames.get(site)!.push(frames_free);
          }
        }),
      ]);
      const growth = growthOf(memory);
      for (const { process: name, earlyKib, lateKib } of growth) {
        console.log(`      ${name}: ${(earlyKib / 1024).toFixed(1)} → ${(lateKib / 1024).toFixed(1)} MiB`);
      }
      say('the probe', await sites.probe.report(from));
      assert.deepEqual(
        growth.filter(({ grownKib }) => grownKib > GROWTH_KIB),
        [],
      );
      for (const [site, seen] of frames) {
        const quarter = Math.floor(seen.length / 4);
        const lost = median(seen.slice(quarter, 2 * quarter)) - median(seen.slice(-quarter));
        assert.ok(lost < FRAMES_MOVING, `${site.names.name} lost ${lost} frames: ${seen.join(' ')}`);
      }
    }),
  ).timeout(SECONDS * 1000 + 120_000);
});

/** Small and large, whole and in fragments, with and without an answer. */
async function traffic({ branchHost, hqHost }: ProbedSites): Promise<void> {
  for (const size of [64, 1400, 4000]) {
    const { answered, output } = await ping(branchHost, HQ.host, { size, count: 20 });
    assert.ok(answered, output);
  }
  await iperf(branchHost, hqHost, HQ.host);
  await iperf(branchHost, hqHost, HQ.host, { udp: { size: 1200, mbit: 20 } });
  await ping(branchHost, '203.0.113.77', { count: 1, deadlineS: 1 });
}

/** A route and an address come and go. */
async function change(site: Site): Promise<void> {
  const apply = async (): Promise<void> => {
    site.gateway.writeConfig(site.config);
    assert.deepEqual((await site.agent.request('reload', {}, PATIENT)).problems, []);
    await until('the change to be in force', () => settled(site));
  };
  site.config.routes?.push({ prefix: '192.0.2.0/24', next_hop: site.names.router });
  site.config.interfaces?.[1]?.addresses?.push('10.1.1.1/24');
  await apply();
  site.config.routes?.pop();
  site.config.interfaces?.[1]?.addresses?.pop();
  await apply();
}

/** Waits until a data plane has published its counters once more. */
async function nextCounters({ dataplane }: Site): Promise<void> {
  let published = false;
  const subscription = dataplane.subscribe('counters', {
    onSnapshot: () => undefined,
    onEvent: () => {
      published = true;
    },
  });
  try {
    await until('counters to be published', () => published);
  } finally {
    subscription.close();
  }
}

/** What an operator looks at: a trace, a capture, the tables. */
async function look({ dataplane }: Site): Promise<void> {
  await dataplane.request('trace-start', traceFilterSchema.parse({ count: 20 }), PATIENT);
  await dataplane.request('capture-start', captureFilterSchema.parse({ drops: true, count: 200 }), PATIENT);
  await dataplane.request('show-routes', {}, PATIENT);
  await dataplane.request('show-errors', {}, PATIENT);
  await dataplane.request('show-sa', {}, PATIENT);
  await dataplane.request('trace-read', {}, PATIENT);
  await dataplane.request('capture-stop', {}, PATIENT);
}
