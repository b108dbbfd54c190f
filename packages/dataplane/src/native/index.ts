// The native layer: file descriptors and instructions that JavaScript cannot reach, in batches. See native/README.md.
export * from './af-packet.js';
export * from './af-xdp.js';
export * from './device.js';
export * from './esp-crypto.js';
export * from './host-guard.js';
export { NativeError } from './native-error.js';
export * from './poller.js';
export * from './pool.js';
export * from './tap.js';
export * from './thread.js';
export * from './udp.js';
