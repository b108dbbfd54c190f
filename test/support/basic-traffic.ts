// The traffic that must pass whatever carries the tunnel: every size of packet and a stream, both ways.
import assert from 'node:assert/strict';
import { ping } from './ping.js';
import { ARRIVED_LEAST, iperf, transfer } from './streams.js';
import { BRANCH, HQ, type TwoSites } from './two-sites.js';

export const SIZES = [64, 512, 1400, 1500, 9000];
const BYTES = 2_000_000;

export async function checkBasicTraffic({ branchHost, hqHost }: TwoSites): Promise<void> {
  for (const size of SIZES) {
    for (const [host, to] of [
      [branchHost, HQ.host],
      [hqHost, BRANCH.host],
    ] as const) {
      const { answered, output } = await ping(host, to, { size });
      assert.ok(answered, `${size} octets to ${to}: ${output}`);
    }
  }
  await transfer(branchHost, hqHost, HQ.host, BYTES);
  await transfer(hqHost, branchHost, BRANCH.host, BYTES);
  for (const reverse of [false, true]) {
    const { sum_received } = await iperf(branchHost, hqHost, HQ.host, { reverse });
    assert.ok((sum_received?.bytes ?? 0) >= ARRIVED_LEAST, JSON.stringify(sum_received));
  }
}
