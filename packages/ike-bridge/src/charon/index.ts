export * from './connections.js';
export * from './events.js';
export * from './failure.js';
export * from './failure-detection.js';
export * from './keep-up.js';
export * from './reconcile.js';
export * from './sas.js';
export { type CharonConf, PLUGINS, prepareLogFile, strongswanConf } from './strongswan-conf.js';
