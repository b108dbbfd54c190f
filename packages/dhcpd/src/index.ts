// What others may use: the engine by itself, and the leases on the disk.
export { Engine } from './engine/engine.js';
export { DhcpServer, type DhcpServerOptions } from './server.js';
export { LeaseLog, type LeaseLogOptions } from './store/lease-log.js';
