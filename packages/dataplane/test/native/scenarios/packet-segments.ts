// What comes as one TCP packet of several segments is received as segments, and segments in a row leave as one packet.
import assert from 'node:assert/strict';
import {
  ETHERNET_PACKET_START,
  packetClose,
  packetFd,
  packetKick,
  packetOpen,
  packetReceive,
  packetSend,
} from '../../../src/native/index.js';
import { concat, hex, pattern, viewOf } from '../../support/packets.js';
import { runIn } from '../support/namespaces.js';
import { statistic } from '../support/packet-socket.js';
import { python, RECEIVE_DESCRIBED, SEND_DESCRIBED } from '../support/peers.js';
import { TestPool } from '../support/pool.js';
import { Receiver } from '../support/receiver.js';
import { leaveChecksum, readTcp, tcpAt, tcpFrame } from '../support/tcp.js';

const far = process.argv[2]!;
const SIZE = 1400;
const ACK = 0x10;
const FIN_PSH = 0x09;
const CWR = 0x80;
/** enum of linux/virtio_net.h: VIRTIO_NET_HDR_GSO_TCPV4 and _TCPV6. */
const GSO = { 4: 1, 6: 4 } as const;

const pool = new TestPool(256);
const socket = packetOpen({ device: 'left', rxFrames: 100, txFrames: 100 });
const frames = pool.take(128);
const dropped = (): number => statistic(socket, 'gso');

/** struct virtio_net_hdr before a packet. */
function described(frame: Uint8Array, family: 4 | 6, size: number): Uint8Array {
  const header = new Uint8Array(10);
  const view = viewOf(header);
  header[0] = 1; // the checksum is to be completed
  header[1] = GSO[family];
  view.setUint16(2, tcpAt(family) + 32, true);
  view.setUint16(4, size, true);
  view.setUint16(6, tcpAt(family), true);
  view.setUint16(8, 16, true);
  return concat(header, leaveChecksum(frame, family));
}

let wake: () => void = () => undefined;
const receiver = new Receiver(packetFd(socket), () => wake());

/** Frames as they are received, `offered` at a time, until there are `count` of them. */
async function receive(count: number, offered: number): Promise<Uint8Array[]> {
  const got: Uint8Array[] = [];
  while (got.length < count) {
    const taken = packetReceive(socket, frames, 0, offered);
    assert.ok(taken >= 0 && taken <= offered);
    for (let i = 0; i < taken; i++) {
      assert.equal(pool.offsets[frames[i]!]! % 2048, ETHERNET_PACKET_START);
      got.push(Uint8Array.from(pool.packet(frames[i]!)));
    }
    if (taken > 0) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  return got;
}

for (const family of [4, 6] as const) {
  // In a slot of the ring, and larger than that.
  for (const length of [1500, 10 * SIZE + 1]) {
    const size = length === 1500 ? 500 : SIZE;
    const payload = pattern(length);
    const whole = tcpFrame({
      family,
      sequence: 0xffff_ff00,
      flags: ACK | FIN_PSH | CWR,
      payload,
      id: 0xfffe,
    });
    await runIn(far, ...python(SEND_DESCRIBED, 'left-far', hex(described(whole, family, size)))).done();
    const count = Math.ceil(length / size);
    const segments = (await receive(count, 16)).map((frame) => readTcp(frame, family));
    assert.equal(segments.length, count);
    for (const [i, segment] of segments.entries()) {
      const last = i === count - 1;
      assert.ok(segment.sound, `checksums of segment ${i}`);
      assert.equal(segment.sequence, (0xffff_ff00 + i * size) >>> 0);
      assert.equal(segment.flags, ACK | (i === 0 ? CWR : 0) | (last ? FIN_PSH : 0));
      assert.equal(segment.payload.length, last ? length - i * size : size);
      if (family === 4) assert.equal(segment.id, (0xfffe + i) & 0xffff);
    }
    assert.deepEqual(concat(...segments.map((segment) => segment.payload)), payload);
  }
}
assert.equal(dropped(), 0);

// More segments than a caller ever offers: dropped, and what comes behind is received.
const tiny = tcpFrame({ family: 4, sequence: 1, flags: ACK, payload: pattern(8000) });
await runIn(far, ...python(SEND_DESCRIBED, 'left-far', hex(described(tiny, 4, 20)))).done();
const plain = tcpFrame({ family: 4, sequence: 2, flags: ACK, payload: pattern(100) });
const alone = concat(new Uint8Array(10), plain);
await runIn(far, ...python(SEND_DESCRIBED, 'left-far', hex(alone))).done();
assert.deepEqual(await receive(1, 16), [plain]);
assert.equal(dropped(), 1);

/** Sends frames in one go, and returns what far receives: the size of segments, and the packet. */
async function sent(list: Uint8Array[], expected: number): Promise<{ size: number; frame: Uint8Array }[]> {
  const peer = runIn(far, ...python(RECEIVE_DESCRIBED, 'left-far', String(expected)));
  await peer.said('listening');
  for (const [i, frame] of list.entries()) pool.write(frames[i]!, ETHERNET_PACKET_START, frame);
  assert.equal(packetSend(socket, frames, 0, list.length), list.length);
  assert.equal(packetKick(socket), 0);
  const lines = (await peer.done()).split('\n').filter((line) => /^[0-9a-f]+$/.test(line));
  return lines.map((line) => {
    const bytes = Uint8Array.from(Buffer.from(line, 'hex'));
    return { size: bytes[1] === 0 ? 0 : viewOf(bytes).getUint16(4, true), frame: bytes.subarray(10) };
  });
}

for (const family of [4, 6] as const) {
  const at = (i: number, more: Partial<Parameters<typeof tcpFrame>[0]> = {}): Uint8Array =>
    tcpFrame({
      family,
      sequence: 1000 + i * SIZE,
      flags: ACK,
      payload: pattern(SIZE, i),
      id: 10 + i,
      ...more,
    });
  const end = at(3, { payload: pattern(300, 3), flags: ACK | FIN_PSH });

  const [joined, ...more] = await sent([at(0), at(1), at(2), end], 1);
  assert.deepEqual(more, []);
  assert.equal(joined!.size, SIZE);
  const { sequence, flags, payload } = readTcp(joined!.frame, family);
  assert.deepEqual({ sequence, flags }, { sequence: 1000, flags: ACK | FIN_PSH });
  assert.deepEqual(payload, concat(...[0, 1, 2].map((i) => pattern(SIZE, i)), pattern(300, 3)));

  // None of these follows the first: another place, acknowledgement, a wrong checksum, a flag.
  const wrong = at(1);
  wrong[wrong.length - 1]! ^= 1;
  for (const second of [at(2), at(1, { ack: 78 }), wrong, at(1, { flags: ACK | 0x20 })]) {
    const apart = await sent([at(0), second], 2);
    assert.deepEqual(
      apart.map(({ size, frame }) => ({ size, frame: hex(frame) })),
      [at(0), second].map((frame) => ({ size: 0, frame: hex(frame) })),
    );
  }
}

receiver.end();
packetClose(socket);
pool.close();
