// Echoes frames through AF_XDP on `left`, in the mode given, and accounts for every frame of the pool.
import assert from 'node:assert/strict';
import {
  deviceInfo,
  ETHERNET_PACKET_START,
  FRAME_BYTES,
  XDP_STATISTICS,
  xdpClose,
  xdpComplete,
  xdpFill,
  xdpInfo,
  xdpKick,
  xdpOpen,
  xdpReceive,
  xdpSend,
  xdpStatistics,
} from '../../../src/native/index.js';
import { ip, runIn } from '../support/namespaces.js';
import { ECHO_FRAMES, python } from '../support/peers.js';
import { TestPool } from '../support/pool.js';
import { Receiver, swapMacs } from '../support/receiver.js';

const [far, mode] = process.argv.slice(2) as [string, 'native' | 'generic' | 'auto'];
const COUNT = 500;
const EAGAIN = -11;
const EINVAL = -22;

const pool = new TestPool(1024);
const options = {
  queue: 0,
  rxSize: 256,
  txSize: 256,
  fillSize: 256,
  completionSize: 256,
  mode,
  zeroCopy: mode === 'auto', // veth has none, so that the socket copies all the same
};
const fill = (socket: number, count: number): void => {
  const frames = pool.take(count);
  const accepted = xdpFill(socket, frames, 0, count);
  pool.give(frames.subarray(accepted));
};

// The socket that registered the memory goes first, and the other stays.
const spare = xdpOpen({ ...options, device: 'spare' });
const socket = xdpOpen({ ...options, device: 'left' });
const info = xdpInfo(socket);
assert.deepEqual(info, { fd: info.fd, mode: mode === 'auto' ? 'native' : mode, zeroCopy: false, queue: 0 });
fill(spare, 200);
const returned = xdpClose(spare);
assert.equal(returned.length, 200);
pool.give(returned);

fill(socket, 300);
const packets = new Int32Array(64);
const sent = new Int32Array(256);
let received = 0;

function reclaim(): void {
  const done = xdpComplete(socket, sent, 0, sent.length);
  pool.give(sent.subarray(0, done));
}

function echo(): void {
  reclaim();
  const count = xdpReceive(socket, packets, 0, packets.length);
  assert.ok(count >= 0);
  for (let i = 0; i < count; i++) {
    const frame = packets[i]!;
    assert.equal(pool.offsets[frame], frame * FRAME_BYTES + ETHERNET_PACKET_START);
    swapMacs(pool.packet(frame));
  }
  received += count;
  const accepted = xdpSend(socket, packets, 0, count);
  assert.equal(accepted, count, 'the tx ring is larger than what is under way');
  const kicked = xdpKick(socket);
  assert.ok(kicked === 0 || kicked === EAGAIN, `kick: ${kicked}`);
  reclaim();
  if (count > 0) fill(socket, count);
}

const receiver = new Receiver(info.fd, echo);
const peer = runIn(far, ...python(ECHO_FRAMES, 'left-far', deviceInfo('left').mac, String(COUNT)));
await peer.done();
receiver.end();
assert.ok(received >= COUNT);

// What makes no sense is refused, and stays the caller's.
const bad = pool.take(1);
pool.lengths[bad[0]!] = 13;
pool.offsets[bad[0]!] = bad[0]! * FRAME_BYTES;
assert.equal(xdpSend(socket, bad, 0, 1), EINVAL);
pool.lengths[bad[0]!] = FRAME_BYTES;
pool.offsets[bad[0]!]! += 1;
assert.equal(xdpSend(socket, bad, 0, 1), EINVAL);
pool.give(bad);

const statistics = new Float64Array(6);
assert.equal(xdpStatistics(socket, statistics), 0);
assert.equal(statistics[XDP_STATISTICS.rxDropped], 0);
assert.equal(statistics[XDP_STATISTICS.rxInvalidDescriptors], 0);
assert.equal(statistics[XDP_STATISTICS.txInvalidDescriptors], 0);
assert.equal(statistics[XDP_STATISTICS.rxRingFull], 0);

pool.give(xdpClose(socket));
pool.assertWhole();
assert.doesNotMatch(ip('-d', 'link', 'show', 'left'), /xdp/);

// At once again: the kernel calls the queue busy for a while.
const again = xdpOpen({ ...options, device: 'left' });
fill(again, 64);
assert.equal(xdpFill(again, Int32Array.of(1024), 0, 1), EINVAL, 'no frame');
assert.equal(xdpFill(again, Int32Array.of(-1), 0, 1), EINVAL, 'no frame');
const twice = pool.take(1);
assert.equal(
  xdpFill(again, Int32Array.of(twice[0]!, twice[0]!), 0, 2),
  1,
  'the second is the kernel’s already',
);
assert.equal(xdpFill(again, twice, 0, 2), EINVAL, 'past the array');
assert.match(ip('-d', 'link', 'show', 'left'), mode === 'generic' ? /xdpgeneric/ : /prog\/xdp/);
pool.give(xdpClose(again));
pool.assertWhole();
pool.close();
