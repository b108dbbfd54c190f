// Answers pings on a TAP or TUN device, as the host 10.8.0.2 behind it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  closeFd,
  deviceInfo,
  deviceSet,
  ETHERNET_PACKET_START,
  FRAME_BYTES,
  IP_PACKET_START,
  NativeError,
  TAP_STATISTICS,
  tapOpen,
  tapRead,
  tapRemove,
  tapStatistics,
  tapWrite,
} from '../../../src/native/index.js';
import { ip } from '../support/namespaces.js';
import { TestPool } from '../support/pool.js';
import { exchange, Receiver, swapMacs } from '../support/receiver.js';

const kind = process.argv[3] as 'tap' | 'tun';
const start = kind === 'tap' ? ETHERNET_PACKET_START : IP_PACKET_START;
const header = kind === 'tap' ? 14 : 0;
const name = 'twin';
const isA = (code: string) => (error: unknown) => error instanceof NativeError && error.code === code;
const run = promisify(execFile);

const pool = new TestPool(64, 1);
/** What stays free behind a packet for a tunnel. */
const tail = kind === 'tap' ? 0 : 128;
const first = tapOpen({ name, kind, persist: true });
closeFd(first);
const fd = tapOpen({ name, kind, persist: true });
assert.throws(() => tapOpen({ name, kind, persist: true }), isA('EBUSY'));
const other = kind === 'tap' ? 'tun' : 'tap';
assert.throws(() => tapOpen({ name, kind: other, persist: true }), isA('EINVAL'));

const frames = pool.take(32);
const statistics = new Float64Array(2);
const statistic = (which: keyof typeof TAP_STATISTICS): number => {
  assert.equal(tapStatistics(fd, statistics), 0);
  return statistics[TAP_STATISTICS[which]]!;
};

// A device that is down refuses, and the packet counts as done with.
pool.write(frames[0]!, start, Buffer.alloc(64, 0x45));
assert.equal(tapWrite(fd, frames, 0, 1), 1);
assert.equal(statistic('refused'), 1);

ip('address', 'add', '10.8.0.1/24', 'dev', name);
deviceSet(name, { up: true, mtu: 4000 });
assert.deepEqual([deviceInfo(name).up, deviceInfo(name).mtu], [true, 4000]);
if (kind === 'tap') ip('neighbour', 'add', '10.8.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', name);
assert.equal(tapRead(fd, frames, 0, frames.length), 0, 'nothing has been sent yet');

/** Makes an echo request its reply, in place. The ICMP checksum grows by what the type lost (RFC 1624). */
function answer(packet: Buffer): boolean {
  if (kind === 'tap' && packet.readUInt16BE(12) !== 0x0800) return false;
  const ip4 = packet.subarray(header);
  if (ip4[9] !== 1 || ip4[20] !== 8) return false;
  if (kind === 'tap') swapMacs(packet);
  exchange(ip4, 12, 16, 4);
  ip4[20] = 0;
  const sum = ip4.readUInt16BE(22) + 0x0800;
  ip4.writeUInt16BE((sum & 0xffff) + (sum >>> 16), 22);
  return true;
}

/** Offers the large frame as the last one. */
let large = false;
const receiver = new Receiver(fd, () => {
  if (large) {
    const at = frames.indexOf(64);
    if (at >= 0) frames[at] = frames[frames.length - 1]!;
    frames[frames.length - 1] = 64;
  }
  const count = tapRead(fd, frames, 0, frames.length);
  assert.ok(count >= 0);
  for (let i = 0; i < count; i++) {
    const frame = frames[i]!;
    assert.equal(pool.offsets[frame], frame * FRAME_BYTES + start); // of the large one too: it is the first
    if (answer(pool.packet(frame))) assert.equal(tapWrite(fd, frames, i, 1), 1);
  }
});
for (const size of ['0', '1', '56', '1472', String(FRAME_BYTES - start - tail - header - 28)]) {
  await run('ping', ['-q', '-c', '3', '-i', '0.01', '-W', '5', '-s', size, '10.8.0.2']);
}
assert.equal(statistic('tooLong'), 0);
await assert.rejects(
  run('ping', [
    '-q',
    '-c',
    '1',
    '-W',
    '1',
    '-s',
    String(FRAME_BYTES - start - tail - header - 27),
    '10.8.0.2',
  ]),
);
assert.equal(statistic('tooLong'), 1);

// With a large frame as the last one, what fits no other is read into that, whatever place it has among the packets.
deviceSet(name, { up: true, mtu: 65_000 });
const LARGE = 64;
large = true;
for (const size of [String(FRAME_BYTES - start - tail - header - 27), '9000', '64000']) {
  await run('ping', ['-q', '-c', '3', '-i', '0.01', '-W', '5', '-s', size, '10.8.0.2']);
}
assert.ok(frames.includes(LARGE), 'it is still there to be offered');
assert.equal(statistic('tooLong'), 1);
receiver.end();

assert.throws(() => tapRemove(name), isA('EBUSY'));
closeFd(fd);
assert.equal(tapRead(fd, frames, 0, 1), -9);
assert.equal(deviceInfo(name).mtu, 65_000, 'it stays');
tapRemove(name);
assert.throws(() => deviceInfo(name), isA('ENODEV'));
assert.throws(() => tapRemove(name), isA('ENODEV'));

const passing = tapOpen({ name, kind, persist: false });
deviceInfo(name);
closeFd(passing);
assert.throws(() => deviceInfo(name), isA('ENODEV'));
pool.close();
