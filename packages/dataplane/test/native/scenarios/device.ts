// Reads and changes `left`.
import assert from 'node:assert/strict';
import { deviceInfo, deviceOffloadsOff, deviceSet, NativeError } from '../../../src/native/index.js';
import { ip } from '../support/namespaces.js';

const shown = JSON.parse(ip('-j', 'link', 'show', 'left')) as [{ ifindex: number; address: string }];
const { ifindex: index, address: mac } = shown[0];
const queues = { rxQueues: 1, txQueues: 1 };
assert.deepEqual(deviceInfo('left'), { index, mac, mtu: 1500, up: true, running: true, ...queues });

deviceSet('left', { mtu: 1400, up: false });
assert.deepEqual(deviceInfo('left'), { index, mac, mtu: 1400, up: false, running: false, ...queues });
deviceSet('left', { up: true, promiscuous: true });
assert.match(ip('link', 'show', 'left'), /PROMISC,UP/);
deviceSet('left', { arp: false, promiscuous: false });
assert.doesNotMatch(ip('link', 'show', 'left'), /PROMISC/);
assert.match(ip('link', 'show', 'left'), /NOARP/);
deviceSet('left', { arp: true });
assert.doesNotMatch(ip('link', 'show', 'left'), /NOARP/);

// veth has GRO, and VLAN tags taken off on receipt.
const changed = deviceOffloadsOff('left');
assert.ok(changed.includes('rx-vlan-hw-parse'), changed.join());
assert.deepEqual(deviceOffloadsOff('left'), []);

const isNoDevice = (error: unknown): boolean =>
  error instanceof NativeError && error.code === 'ENODEV' && error.errno === 19 && /none/.test(error.message);
assert.throws(() => deviceInfo('none'), isNoDevice);
assert.throws(() => deviceSet('none', { up: true }), isNoDevice);
assert.throws(() => deviceOffloadsOff('none'), isNoDevice);
assert.throws(() => deviceInfo(''), NativeError);
