// Two sites with traffic between them for the tests of a file: made once, checked and removed at its end.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Capture } from '@sluice/lab';
import { captureEsp, readEsp } from './esp-capture.js';
import { type FlowReport, type Moment, now, Probe, type ProbeReport } from './probe.js';
import { type TwoSites, type TwoSitesOptions, twoSites } from './two-sites.js';

export interface ProbedSites extends TwoSites {
  probe: Probe;
  /** The encrypted packets on the router; null when nobody wants them. */
  esp: Capture | null;
}

type Body = (sites: ProbedSites) => Promise<void>;

/**
 * For a `describe`: starts the sites before its tests. Returns what makes a test body of a function of the sites: its
 * failure keeps the logs, has their path in its sentence, and gives the next test new sites. After the last test: no
 * encrypted packet has used a sequence number twice (unless `captureEsp` is false), and nothing is left of the lab.
 */
export function sitesUnderProbe(
  options: TwoSitesOptions & { captureEsp?: boolean },
): (body: Body) => () => Promise<void> {
  let current: ProbedSites | null = null;
  const start = async (): Promise<ProbedSites> => {
    const sites = await twoSites(options);
    try {
      const esp = options.captureEsp === false ? null : await captureEsp(sites.router, 'branch');
      return { ...sites, esp, probe: await Probe.start(sites) };
    } catch (error) {
      throw withLogs(error, await sites.stop(true));
    }
  };
  const stop = async (failed: boolean): Promise<string | null> => {
    const sites = current;
    current = null;
    if (sites === null) return null;
    const logs = await sites.stop(failed);
    assert.deepEqual(leftovers(sites.lab.id), []);
    return logs;
  };
  const guarded = async (body: Body): Promise<void> => {
    try {
      current ??= await start();
      await body(current);
    } catch (error) {
      throw withLogs(error, await stop(true));
    }
  };

  before(function () {
    this.timeout(120_000);
    return guarded(async () => undefined);
  });
  afterEach(async function () {
    this.timeout(120_000);
    // A test that took too long: its body is still waiting, and has not ended the sites.
    if (this.currentTest?.state !== 'failed' || current === null) return;
    withLogs(this.currentTest.err, await stop(true));
  });
  after(async function () {
    this.timeout(120_000);
    if (current === null) return;
    await guarded(async ({ esp }) => {
      if (esp === null) return;
      const { packets, repeated } = readEsp(await esp.stop());
      assert.ok(packets > 0, 'no ESP passed the router');
      assert.deepEqual(repeated, [], 'sequence numbers were used twice under one key');
    });
    await stop(false);
  });
  return (body) => () => guarded(body);
}

/** Says in an error's sentence where the logs are. */
export function withLogs(error: unknown, logs: string | null): unknown {
  if (error instanceof Error && logs !== null && !error.message.includes(logs)) {
    const path = `\nlogs: ${logs}`;
    error.stack = error.stack?.replace(error.message, `${error.message}${path}`) ?? '';
    error.message += path;
  }
  return error;
}

/** What is left of a lab: namespaces, directory, mounts, processes that name it. */
export function leftovers(id: string): string[] {
  const entries = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true }).map((entry) => entry.name);
  const processes = entries('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) =>
      ['cmdline', 'mountinfo'].some((file) => read(`/proc/${pid}/${file}`).includes(`/${id}/`)),
    );
  return [
    ...entries('/run/netns')
      .filter((name) => name.startsWith(`sl-${id}-`))
      .map((name) => `namespace ${name}`),
    ...entries('/run/sluice-lab')
      .filter((name) => name.includes(id))
      .map((name) => `directory ${name}`),
    ...read('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(id))
      .map((line) => `mount ${line}`),
    ...processes.map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`),
  ];
}

/** Empty for a process that has ended since the directory was read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Runs something while the probe runs, and returns what became of the packets meanwhile. */
export async function during(
  sites: Pick<ProbedSites, 'probe'>,
  what: () => Promise<void>,
): Promise<ProbeReport> {
  const from: Moment = now();
  await what();
  return sites.probe.report(from);
}

/** Prints what was measured, beside the test's line. */
export function say(what: string, report: ProbeReport): void {
  const flow = ({ sent, lost, reordered, longestGapMs, gapAtMs }: FlowReport): string =>
    `${lost} of ${sent} lost, ${reordered} reordered, longest gap ${longestGapMs.toFixed(0)} ms from ${(gapAtMs / 1000).toFixed(1)} s on`;
  console.log(`      ${what}: to hq ${flow(report.toHq)}; to branch ${flow(report.toBranch)}`);
}

/** Every packet arrived, and none twice. */
export function assertUntouched(report: ProbeReport): void {
  for (const [direction, flow] of Object.entries(report)) {
    const { lost, duplicates, losses } = flow as FlowReport;
    assert.deepEqual(
      { lost, duplicates },
      { lost: 0, duplicates: 0 },
      `${direction}: ${lost} of ${(flow as FlowReport).sent} lost, ${duplicates} duplicates; ${JSON.stringify(losses)}`,
    );
  }
}

/** None arrived twice, whatever was lost. */
export function assertNoDuplicates(report: ProbeReport): void {
  for (const [direction, { duplicates }] of Object.entries(report) as [string, FlowReport][])
    assert.equal(duplicates, 0, `${direction}: duplicates`);
}

/** Times that an outage is tried: what a busy machine adds to one it seldom adds to each. */
const OUTAGES = 3;

/** Packets arrive again within the time, both ways, and none twice, at the first, second or third outage of the kind. */
export async function assertResumes(
  sites: Pick<ProbedSites, 'probe'>,
  what: string,
  limitMs: number,
  outage: (tried: number) => Promise<void>,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const report = await during(sites, () => outage(tried));
    say(what, report);
    assertNoDuplicates(report);
    const flows = Object.entries(report) as [string, FlowReport][];
    const late = flows.filter(([, { longestGapMs }]) => longestGapMs >= limitMs);
    if (late.length === 0) return;
    const gaps = late.map(
      ([direction, { longestGapMs, gapAtMs }]) =>
        `${direction}: nothing arrived for ${longestGapMs.toFixed(0)} ms from ${gapAtMs.toFixed(0)} ms on`,
    );
    assert.ok(tried < OUTAGES, gaps.join('; '));
  }
}
