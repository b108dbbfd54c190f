// Guards `left`, and lets it go again; the test pings it meanwhile.
import assert from 'node:assert/strict';
import {
  hostGuardAttach,
  hostGuardClose,
  NativeError,
  packetClose,
  packetOpen,
  packetReceive,
} from '../../../src/native/index.js';
import { runIn } from '../support/namespaces.js';
import { TestPool } from '../support/pool.js';

const far = process.argv[2]!;
const pool = new TestPool(64);
const ping = (): Promise<string> => runIn(far, 'ping', '-q', '-c', '1', '-W', '1', '10.9.0.1').done();

await ping();
const socket = packetOpen({ device: 'left', rxFrames: 64, txFrames: 32 });
const guard = hostGuardAttach('left');
await assert.rejects(ping(), /100% packet loss/);
const frames = pool.take(64);
const count = packetReceive(socket, frames, 0, 64);
const echoRequests = [...frames.subarray(0, count)].filter((frame) => {
  const packet = pool.packet(frame);
  return packet.readUInt16BE(12) === 0x0800 && packet[23] === 1 && packet[34] === 8;
});
assert.equal(echoRequests.length, 1, 'the packet socket has what Linux has not');
hostGuardClose(guard);
await ping();

assert.throws(
  () => hostGuardAttach('none'),
  (error: unknown) => error instanceof NativeError && error.code === 'ENODEV',
);
packetClose(socket);
pool.close();
