// An AF_XDP port on `left` while the pool has no frame for it, and once it has some again.
import assert from 'node:assert/strict';
import { AfXdpPort } from '../../../src/drivers/af-xdp.js';
import { allocatePool, LARGE_FRAMES, PacketPool } from '../../../src/memory/packet-pool.js';
import { deviceInfo, poolRegister } from '../../../src/native/index.js';
import { runIn } from '../support/namespaces.js';
import { python, SEND_VLAN } from '../support/peers.js';

const [far] = process.argv.slice(2) as [string];
const FRAMES = 1024;

const pool = new PacketPool(allocatePool(FRAMES), FRAMES);
poolRegister(
  pool.bytes,
  FRAMES,
  LARGE_FRAMES,
  PacketPool.columnAt(FRAMES, 'offset'),
  PacketPool.columnAt(FRAMES, 'length'),
);
const elsewhere = new Int32Array(FRAMES);
assert.equal(pool.allocMany(elsewhere, 0, FRAMES), FRAMES);

const port = new AfXdpPort(pool, 'left', 0);
const packets = new Int32Array(64);
assert.equal(port.starved, true);
assert.equal(port.receive(packets, 64), 0);
assert.equal(port.starved, true, 'there are no frames yet');

pool.freeMany(elsewhere, 0, FRAMES);
assert.equal(port.receive(packets, 64), 0, 'nothing was sent yet');
await runIn(far, ...python(SEND_VLAN, 'left-far', deviceInfo('left').mac)).done();
let received = 0;
for (const end = performance.now() + 5_000; received === 0; ) {
  assert.ok(performance.now() < end, 'the port never received again');
  received = port.receive(packets, 64);
}
pool.freeMany(packets, 0, received);
port.close();
assert.equal(pool.shared + pool.local, FRAMES, 'every frame came back');
