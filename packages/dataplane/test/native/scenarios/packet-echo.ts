// Echoes frames and UDP through AF_PACKET on `left`; checksums that the sender left to its device are completed.
import assert from 'node:assert/strict';
import {
  deviceInfo,
  deviceSet,
  ETHERNET_PACKET_START,
  FRAME_BYTES,
  packetClose,
  packetFd,
  packetKick,
  packetOpen,
  packetReceive,
  packetSend,
} from '../../../src/native/index.js';
import { ip, runIn } from '../support/namespaces.js';
import { statistic } from '../support/packet-socket.js';
import { ECHO_FRAMES, ECHO_UDP, python, SEND_OVERSIZE, SEND_VLAN } from '../support/peers.js';
import { TestPool } from '../support/pool.js';
import { exchange, Receiver, swapMacs } from '../support/receiver.js';

const far = process.argv[2]!;
const COUNT = 300;
const mac = deviceInfo('left').mac;
ip('-n', far, 'address', 'add', '10.9.0.2/24', 'dev', 'left-far');
ip('-n', far, 'neighbour', 'add', '10.9.0.1', 'lladdr', mac, 'dev', 'left-far');

const pool = new TestPool(128);
const socket = packetOpen({ device: 'left', rxFrames: 100, txFrames: 100 });
const frames = pool.take(64);

/** The ones' complement sum of RFC 1071, over the UDP pseudo header too: 0xffff for a good checksum. */
function udpSum(ip4: Buffer): number {
  const length = ip4.readUInt16BE(2) - 20;
  const parts = Buffer.concat([
    ip4.subarray(12, 20),
    Buffer.from([0, 17, 0, 0]),
    ip4.subarray(20, 20 + length),
  ]);
  parts.writeUInt16BE(length, 10);
  let sum = 0;
  for (let at = 0; at < parts.length; at += 2) sum += (parts[at]! << 8) | (parts[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

let udp = 0;
let tagged: Buffer | undefined;
let wake: () => void = () => undefined;

/** Makes a packet its answer, in place. Exchanging addresses and ports changes no checksum. */
function answer(packet: Buffer): boolean {
  const type = packet.readUInt16BE(12);
  if (type === 0x8100) tagged = Buffer.from(packet);
  if (type !== 0x88b5 && type !== 0x0800) return false;
  swapMacs(packet);
  if (type === 0x88b5) return true;
  const ip4 = packet.subarray(14);
  assert.equal(ip4[9], 17);
  assert.equal(udpSum(ip4), 0xffff, `UDP checksum of datagram ${udp}`);
  udp++;
  exchange(ip4, 12, 16, 4); // addresses
  exchange(ip4, 20, 22, 2); // ports
  return true;
}

function echo(): void {
  const count = packetReceive(socket, frames, 0, frames.length);
  assert.ok(count >= 0);
  const answers: number[] = [];
  for (let i = 0; i < count; i++) {
    const frame = frames[i]!;
    assert.equal(pool.offsets[frame], frame * FRAME_BYTES + ETHERNET_PACKET_START);
    if (answer(pool.packet(frame))) answers.push(frame);
  }
  assert.equal(packetSend(socket, Int32Array.from(answers), 0, answers.length), answers.length);
  assert.equal(packetKick(socket), 0);
  wake();
}

const receiver = new Receiver(packetFd(socket), echo);

await runIn(far, ...python(ECHO_FRAMES, 'left-far', mac, String(COUNT))).done();
assert.equal(statistic(socket, 'checksumsCompleted'), 0);

await runIn(far, ...python(ECHO_UDP, String(COUNT))).done();
assert.equal(udp, COUNT);
assert.equal(statistic(socket, 'checksumsCompleted'), COUNT);

// Waits for the receive loop to have run until it is so.
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
deviceSet('left', { mtu: 4000 });
ip('-n', far, 'link', 'set', 'left-far', 'mtu', '4000');
await runIn(far, ...python(SEND_OVERSIZE)).done();
await until(() => statistic(socket, 'tooLong') === 1 && statistic(socket, 'gso') === 1);

await runIn(far, ...python(SEND_VLAN, 'left-far', mac)).done();
await until(() => tagged !== undefined);
assert.equal(tagged!.subarray(12, 18).toString('hex'), '8100602a88b5');
assert.equal(tagged!.subarray(18).toString(), 'tagged'.repeat(10));

const none = Int32Array.of(128);
assert.equal(packetSend(socket, none, 0, 1), -22);
assert.equal(packetReceive(socket, none, 0, 1), -22);
assert.equal(statistic(socket, 'kernelDrops'), 0);
assert.equal(statistic(socket, 'malformed'), 0);
receiver.end();
packetClose(socket);
assert.throws(() => packetClose(socket), /EBADF/);
pool.close();
