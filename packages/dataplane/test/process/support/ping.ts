// Runs ping(8), and reads what it found.
import assert from 'node:assert/strict';
import type { Network } from './network.js';

export interface Pinged {
  sent: number;
  received: number;
  /** Unanswered ones before the last that was answered: lost for certain. */
  lost: number[];
  output: string;
}

/** Runs that pingAll makes, when the end of one is uncertain. */
const ATTEMPTS = 3;

/** Pings from a namespace; `options` as on the command line, the destination last, without -q. */
export async function ping(network: Network, from: string, ...options: string[]): Promise<Pinged> {
  const { output } = await network.run(from, 'ping', '-n', ...options);
  return read(output);
}

/** Reads ping's output. */
export function read(output: string): Pinged {
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(output);
  assert.ok(summary, output);
  const seen = new Set<number>();
  for (const [, sequence] of output.matchAll(/bytes from .*icmp_seq=(\d+)/g)) seen.add(Number(sequence));
  const last = Math.max(0, ...seen);
  const lost = Array.from({ length: last }, (_, i) => i + 1).filter((sequence) => !seen.has(sequence));
  return { sent: Number(summary[1]), received: Number(summary[2]), lost, output };
}

/**
 * Pings, and has every packet come back. Once anything has been answered, ping waits for the rest only twice
 * the longest round trip: on a busy machine the last ones may be late without being lost. Then it is run again.
 */
export async function pingAll(network: Network, from: string, ...options: string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { sent, received, lost, output } = await ping(network, from, '-W', '5', ...options);
    assert.deepEqual(lost, [], output);
    if (received === sent) return;
    assert.ok(received > 0 && attempt < ATTEMPTS, output);
  }
}
