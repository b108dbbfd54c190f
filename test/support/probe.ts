// A steady flow of numbered datagrams both ways from host to host: exact loss, duplicates, reordering, gaps.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LabNode, NodeProcess } from '@sluice/lab';
import { until } from '@sluice/shared';
import { BRANCH, HQ, type TwoSites } from './two-sites.js';

const PROGRAM = fileURLToPath(new URL('../../support/probe.py', import.meta.url));
const PORT = 7007;
const SENT_BYTES = 8;
const RECEIVED_BYTES = 16;
/** What arrives later than this after the end of a window counts as lost in it. */
const IN_FLIGHT_MS = 250;

export interface ProbeOptions {
  /** Each way; 300 unless told. */
  packetsPerSecond?: number;
  /** Of the UDP payload; 1000 unless told. */
  payloadBytes?: number;
}

/** Milliseconds of the clock that all processes of the machine share. */
export type Moment = number;

/** What happened to the datagrams of one direction that were sent in a window of time. */
export interface FlowReport {
  sent: number;
  lost: number;
  /** Runs of lost datagrams: how many, and when the first was sent, in milliseconds from the window's start. */
  losses: { packets: number; atMs: number }[];
  duplicates: number;
  /** Datagrams that arrived after one that was sent later. */
  reordered: number;
  /** Longest time between two arrivals, and when it began, in milliseconds from the window's start. */
  longestGapMs: number;
  gapAtMs: number;
}

export interface ProbeReport {
  toHq: FlowReport;
  toBranch: FlowReport;
}

export function now(): Moment {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Probe {
  private constructor(
    private readonly ends: { branch: NodeProcess; hq: NodeProcess },
    private readonly files: { branch: string; hq: string },
  ) {}

  /** Starts both ends; resolves when datagrams arrive both ways. It ends with the lab. */
  static async start(
    sites: Pick<TwoSites, 'branchHost' | 'hqHost'>,
    options: ProbeOptions = {},
  ): Promise<Probe> {
    const { packetsPerSecond = 300, payloadBytes = 1000 } = options;
    const end = (node: LabNode, local: string, remote: string): Promise<NodeProcess> =>
      node.start(
        [
          ...['/usr/bin/python3', PROGRAM, local, remote],
          ...[PORT, packetsPerSecond, payloadBytes].map(String),
          node.path('probe'),
        ],
        { name: 'probe', ready: { log: /running/ } },
      );
    const [branch, hq] = await Promise.all([
      end(sites.branchHost, BRANCH.host, HQ.host),
      end(sites.hqHost, HQ.host, BRANCH.host),
    ]);
    const files = { branch: sites.branchHost.path('probe'), hq: sites.hqHost.path('probe') };
    const probe = new Probe({ branch, hq }, files);
    await probe.arriveAfter(now());
    return probe;
  }

  /** Waits until datagrams sent after a moment have arrived at both ends. */
  async arriveAfter(moment: Moment, deadlineMs = 15_000): Promise<void> {
    await until(
      'the probe to arrive both ways',
      () => {
        this.checkEnds();
        return [this.flow('branch', 'hq'), this.flow('hq', 'branch')].every(
          ({ sent, received }) => (sent[received.at(-1)?.number ?? -1] ?? 0) > moment,
        );
      },
      { deadlineMs, intervalMs: 50 },
    );
  }

  /** What became of the datagrams sent from one moment to another, once later ones have arrived both ways. */
  async report(from: Moment, to: Moment = now()): Promise<ProbeReport> {
    await this.arriveAfter(to + IN_FLIGHT_MS);
    const toHq = this.flow('branch', 'hq');
    const toBranch = this.flow('hq', 'branch');
    return { toHq: reportFlow(toHq, from, to), toBranch: reportFlow(toBranch, from, to) };
  }

  private checkEnds(): void {
    for (const end of [this.ends.branch, this.ends.hq])
      if (end.status !== null) throw new Error(`the probe ended: ${end.log().trim()}`);
  }

  private flow(from: 'branch' | 'hq', to: 'branch' | 'hq'): Flow {
    const received = records(`${this.files[to]}.received`, RECEIVED_BYTES, (at, buffer) => ({
      number: Number(buffer.readBigUInt64LE(at)),
      atMs: Number(buffer.readBigUInt64LE(at + 8)) / 1e6,
    }));
    const sent = records(
      `${this.files[from]}.sent`,
      SENT_BYTES,
      (at, buffer) => Number(buffer.readBigUInt64LE(at)) / 1e6,
    );
    return { sent, received };
  }
}

export interface Flow {
  /** When each datagram was sent, by number. */
  sent: readonly Moment[];
  /** In order of arrival. */
  received: readonly { number: number; atMs: Moment }[];
}

export function reportFlow({ sent, received }: Flow, from: Moment, to: Moment): FlowReport {
  const later = sent.findIndex((at) => at > to);
  const end = later < 0 ? sent.length : later;
  const first = sent.findLastIndex((at) => at < from) + 1;
  const seen = new Set<number>();
  let duplicates = 0;
  let reordered = 0;
  let highest = -1;
  for (const { number } of received) {
    if (number < first || number >= end) continue;
    if (seen.has(number)) duplicates++;
    else if (number < highest) reordered++;
    seen.add(number);
    highest = Math.max(highest, number);
  }
  const losses: FlowReport['losses'] = [];
  for (let number = first; number < end; number++) {
    if (seen.has(number)) continue;
    if (number > first && !seen.has(number - 1)) losses.at(-1)!.packets++;
    else losses.push({ packets: 1, atMs: Math.round(sent[number]! - from) });
  }
  const lost = end - first - seen.size;
  return { sent: end - first, lost, losses, duplicates, reordered, ...longestGap(received, from, to) };
}

/** Between arrivals, the first counted from the window's start, the last up to whatever arrives after its end. */
function longestGap(
  received: Flow['received'],
  from: Moment,
  to: Moment,
): { longestGapMs: number; gapAtMs: number } {
  const longest = { longestGapMs: 0, gapAtMs: 0 };
  let previous = from;
  for (const { atMs } of received) {
    if (atMs <= from) continue;
    if (atMs - previous > longest.longestGapMs) {
      longest.longestGapMs = atMs - previous;
      longest.gapAtMs = previous - from;
    }
    previous = atMs;
    if (atMs >= to) break;
  }
  return longest;
}

/** Whole records only: the last one may be half written. */
function records<T>(file: string, bytes: number, read: (at: number, buffer: Buffer) => T): T[] {
  const buffer = readFileSync(file);
  return Array.from({ length: Math.floor(buffer.length / bytes) }, (_, i) => read(i * bytes, buffer));
}
