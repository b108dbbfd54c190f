// What other packages use: the bridge runs as a process of its own, charon is started by a supervisor.
export { Bridge, type BridgeOptions } from './bridge.js';
export { type CharonConf, prepareLogFile, strongswanConf } from './charon/index.js';
