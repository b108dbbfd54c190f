// Traffic from host to host: a ping, a measured transfer, and a steady flow for the live table to show.
import { LabError } from '../errors.js';
import type { LabNode } from '../nodes/node.js';

const IPERF_PORT = 5201;
const PING_DEADLINE_S = 10;

export interface PingResult {
  sent: number;
  received: number;
  /** Of the round trips; milliseconds. */
  averageMs: number;
}

/**
 * Sends echo requests until `count` were answered. `patternHex` (at most 16 octets) fills them, over and over.
 * Throws LabError when they are not all answered within ten seconds.
 */
export async function ping(
  from: LabNode,
  address: string,
  count: number,
  patternHex: string,
): Promise<PingResult> {
  const limits = ['-c', String(count), '-w', String(PING_DEADLINE_S), '-i', '0.1'];
  const { code, stdout, stderr } = await from.run(['ping', '-n', '-p', patternHex, ...limits, address], {
    check: false,
  });
  const totals = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  const times = /= [\d.]+\/([\d.]+)\//.exec(stdout);
  if (code !== 0 || !totals || !times) {
    const why = totals ? `${totals[2]} of ${totals[1]} echo requests were answered` : stderr.trim();
    throw new LabError('command-failed', `ping from ${from.name} to ${address} failed: ${why}`);
  }
  return { sent: Number(totals[1]), received: Number(totals[2]), averageMs: Number(times[1]) };
}

/** The part of iperf3's JSON report that is read here; after an error, the rest of it is missing or empty. */
interface IperfReport {
  error?: string;
  end: {
    sum_sent?: { retransmits?: number };
    sum_received?: { bytes: number; bits_per_second: number };
  };
}

export interface Transfer {
  bitsPerSecond: number;
  bytes: number;
  retransmits: number;
}

/** One TCP stream for so many seconds, as iperf3's receiver counts it; `reverse` is from the server to the client. */
export async function measureTcp(
  client: LabNode,
  server: LabNode,
  address: string,
  options: { seconds: number; reverse: boolean },
): Promise<Transfer> {
  const listening = await server.start(['iperf3', '-s', '-1'], { ready: { tcp: IPERF_PORT } });
  const direction = options.reverse ? ['-R'] : [];
  const argv = ['iperf3', '-J', '-c', address, '-t', String(options.seconds), ...direction];
  try {
    const { stdout, stderr } = await client.run(argv, {
      deadlineMs: options.seconds * 1000 + 15_000,
      check: false,
    });
    // With -J, iperf3 says what went wrong in its report, and ends with status 0 nevertheless.
    const report = stdout === '' ? null : (JSON.parse(stdout) as IperfReport);
    const received = report?.end.sum_received;
    if (report === null || report.error !== undefined || received === undefined) {
      const why = report?.error ?? stderr.trim();
      throw new LabError('command-failed', `iperf3 from ${client.name} to ${address} failed: ${why}`);
    }
    return {
      bitsPerSecond: received.bits_per_second,
      bytes: received.bytes,
      retransmits: report.end.sum_sent?.retransmits ?? 0,
    };
  } finally {
    await listening.stop();
  }
}

/** Datagrams both ways at a steady rate, until the lab stops. */
export async function startSteadyTraffic(
  client: LabNode,
  server: LabNode,
  address: string,
  mbit: number,
): Promise<void> {
  await server.start(['iperf3', '-s'], { name: 'steady-server', ready: { tcp: IPERF_PORT } });
  const flow = ['-u', '-b', `${mbit}M`, '-l', '1200', '--bidir', '-t', '0'];
  await client.start(['iperf3', '-c', address, ...flow], { name: 'steady-client' });
}
