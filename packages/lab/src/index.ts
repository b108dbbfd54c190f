// Networks of namespaces on one machine: hosts, routers, NATs, bridges, gateways.
export { Capture, type CaptureOptions, framesIn } from './capture.js';
export { labCommands } from './commands.js';
export { type DemoOptions, runDemo } from './demo/run-demo.js';
export { LabError, type LabErrorCode } from './errors.js';
export { Lab, type LabOptions, type NodeOptions } from './lab.js';
export type { LinkOptions } from './link.js';
export type { Bridge } from './nodes/bridge.js';
export type { Gateway, UpOptions } from './nodes/gateway.js';
export type { Nat } from './nodes/nat.js';
export type { LabNode, Port, RunOptions } from './nodes/node.js';
export type { NodeProcess, Ready, StartOptions } from './nodes/node-process.js';
export { type HubOptions, hubConfiguration } from './peers/hub-configuration.js';
export { type KeaOptions, startKea } from './peers/kea.js';
export { ManyPeers, type ManyPeersOptions } from './peers/many-peers.js';
export { PEERS_INNER, PEERS_MAX, PEERS_OUTER, type PeerNames, peerNames } from './peers/peer-names.js';
export {
  type ReceivedSyslog,
  type RsyslogOptions,
  receivedBySyslog,
  rsyslogConfiguration,
  type SyslogClients,
  startRsyslog,
} from './peers/rsyslog.js';
export { InterruptedError, runWithCleanup } from './run-with-cleanup.js';
export { type LabSummary, listLabs, type OwnerRecord, sweep } from './sweep.js';
export { CommandError, type CommandResult } from './system/command.js';
