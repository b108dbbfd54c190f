// A capture into a file system of three pages, in a mount namespace of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { captureFilterSchema, until } from '@sluice/shared';
import { CaptureSession } from '../../../src/control/capture-session.js';
import { ip4, pattern } from '../../support/packets.js';
import { FAR, HOST, site } from '../../support/site.js';

const PAGE = 4096;

const [dir] = process.argv.slice(2) as [string];
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${3 * PAGE}`, 'tmpfs', dir]);
const bench = site();
const session = new CaptureSession(
  dir,
  bench.shared.captures,
  bench.forwarders.map(({ capture }) => ({
    captureStart: async (order) => capture.start(order),
    captureStop: async () => capture.stop(),
  })),
  { row: (name) => bench.row(name), interface: () => 'lan', reason: () => '' },
);
await session.start(captureFilterSchema.parse({ count: 1000 }), 0);
for (let i = 0; i < 20; i++) bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(1000) }));
bench.run();
let told = '';
await until('the capture has ended', async () => {
  await session.tick(0).catch((error: Error) => {
    told = error.message;
  });
  return told !== '';
});
assert.match(told, /\.pcapng has ended, because it cannot be written: ENOSPC/);
assert.equal(session.status(0).active, false);
await session.tick(0);
// The next one is not kept from being.
await session.start(captureFilterSchema.parse({ count: 1 }), 0);
assert.equal(session.status(0).active, true);
await session.stop();
bench.close();
