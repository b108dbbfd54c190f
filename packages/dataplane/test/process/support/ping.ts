// Runs ping(8), and reads what it found.
import assert from 'node:assert/strict';
import type { Network } from './network.js';

export interface Pinged {
  sent: number;
  received: number;
  output: string;
}

/** Pings from a namespace; `options` as on the command line, the destination last. */
export async function ping(network: Network, from: string, ...options: string[]): Promise<Pinged> {
  const { output } = await network.run(from, 'ping', '-n', ...options);
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(output);
  assert.ok(summary, output);
  return { sent: Number(summary[1]), received: Number(summary[2]), output };
}

/** Pings, and has every packet come back. */
export async function pingAll(network: Network, from: string, ...options: string[]): Promise<void> {
  const { sent, received, output } = await ping(network, from, '-W', '5', ...options);
  assert.equal(received, sent, output);
}
