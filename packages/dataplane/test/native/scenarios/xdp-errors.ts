// What xdpOpen says when it cannot: of `left`, which another process has, and of others.
import assert from 'node:assert/strict';
import { NativeError, poolUnregister, xdpClose, xdpOpen, xdpReceive } from '../../../src/native/index.js';
import { TestPool } from '../support/pool.js';

const options = {
  device: 'left',
  queue: 0,
  rxSize: 64,
  txSize: 64,
  fillSize: 64,
  completionSize: 64,
  mode: 'auto',
  zeroCopy: false,
} as const;

function refusal(change: object): NativeError {
  try {
    xdpOpen({ ...options, ...change });
  } catch (error) {
    assert.ok(error instanceof NativeError);
    return error;
  }
  return assert.fail('it was opened');
}

assert.equal(refusal({}).code, 'EINVAL'); // no pool yet
const pool = new TestPool(64);

const busy = refusal({});
assert.equal(busy.code, 'EBUSY');
assert.equal(busy.errno, 16);
assert.match(
  busy.message,
  /^bpf BPF_LINK_CREATE of an AF_XDP socket to left queue 0: EBUSY, device or resource busy$/,
);
assert.equal(refusal({ device: 'none' }).code, 'ENODEV');
assert.equal(refusal({ device: 'a-name-that-is-too-long' }).code, 'EINVAL');
assert.equal(refusal({ rxSize: 63 }).code, 'EINVAL');
assert.equal(refusal({ mode: 'fast' }).code, 'EINVAL');
const noQueue = refusal({ device: 'spare', queue: 99 });
assert.equal(noQueue.code, 'EINVAL');
assert.equal(noQueue.syscall, 'bind');

const spare = xdpOpen({ ...options, device: 'spare', mode: 'native' });
assert.equal(refusal({ device: 'spare' }).code, 'EBUSY'); // its queue is taken, by ourselves
assert.equal(refusal({ device: 'spare', mode: 'generic' }).code, 'EEXIST');
assert.throws(
  () => poolUnregister(),
  (error: unknown) => error instanceof NativeError && error.code === 'EBUSY',
);
assert.equal(xdpClose(spare).length, 0);
assert.throws(
  () => xdpClose(spare),
  (error: unknown) => error instanceof NativeError && error.code === 'EBADF',
);
assert.equal(xdpReceive(spare, new Int32Array(1), 0, 1), -9);
pool.close();
