// The traffic that must pass whatever carries the tunnel: every size of packet and a stream, both ways.
import assert from 'node:assert/strict';
import { ping } from './ping.js';
import { iperf, transfer } from './streams.js';
import { BRANCH, HQ, type TwoSites } from './two-sites.js';

export const SIZES = [64, 512, 1400, 1500, 9000];

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
  await transfer(branchHost, hqHost, HQ.host, 2_000_000);
  await transfer(hqHost, branchHost, BRANCH.host, 2_000_000);
  for (const reverse of [false, true]) {
    const { sum_received } = await iperf(branchHost, hqHost, HQ.host, { reverse });
    assert.ok(sum_received !== undefined && sum_received.bytes > 1_000_000, JSON.stringify(sum_received));
  }
}
