// A packet that lies in a large frame leaves by a port on `left`, of the driver given: the kernel has only the others.
import assert from 'node:assert/strict';
import { AfPacketPort } from '../../../src/drivers/af-packet.js';
import { AfXdpPort } from '../../../src/drivers/af-xdp.js';
import { LARGE_FRAMES, PacketPool } from '../../../src/memory/packet-pool.js';
import { poolRegister } from '../../../src/native/index.js';
import { testBench } from '../../support/bench.js';
import { ethernet, hex, pattern } from '../../support/packets.js';
import { runIn } from '../support/namespaces.js';
import { python, RECEIVE_FRAME } from '../support/peers.js';

const [far, driver] = process.argv.slice(2) as [string, 'af_xdp' | 'af_packet'];

const bench = testBench({ interfaces: [{ name: 'lan', address: '10.1.0.1/24' }], frames: 8192 });
const { pool } = bench;
const column = (name: 'offset' | 'length'): number => PacketPool.columnAt(pool.frames, name);
poolRegister(pool.bytes, pool.frames, LARGE_FRAMES, column('offset'), column('length'));
const [forwarder] = bench.forwarders;
const row = bench.row('lan');
forwarder!.removePort(row);
forwarder!.addPort(
  row,
  driver === 'af_xdp' ? new AfXdpPort(forwarder!.pool, 'left', 0) : new AfPacketPort(forwarder!.pool, 'left'),
);

const frame = ethernet('02:00:00:00:00:99', '02:00:00:00:00:98', 0x88b5, pattern(1500));
const peer = runIn(far, ...python(RECEIVE_FRAME, 'left-far', hex(frame)));
await peer.said('listening');
const large = bench.frameOf(frame, undefined, true);
assert.ok(large >= pool.frames);
pool.txInterface[large] = row;
bench.handOver('interface-output', large);
bench.run();
await peer.done();

forwarder!.removePort(row);
assert.equal(pool.large, LARGE_FRAMES, 'the large frame is free');
assert.equal(pool.shared + pool.local + forwarder!.pool.local, pool.frames, 'every frame came back');
bench.close();
