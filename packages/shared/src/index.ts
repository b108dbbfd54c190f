export * from './actor/backoff.js';
export { type ChildObserver, type Exit, type ProcessSpec, SupervisedChild } from './actor/child.js';
export { ActorClient, type ConnectOptions, connect, type RequestOptions } from './actor/client.js';
export * from './actor/contract.js';
export { endBySignal } from './actor/end-by-signal.js';
export * from './actor/errors.js';
export { limitLog } from './actor/log-limit.js';
export { PidFile } from './actor/pid-file.js';
export { isAlive, type ProcessId, processById, signalProcess } from './actor/process-id.js';
export type { Handlers, RequestContext, Snapshots } from './actor/route.js';
export { prepareRunDir, shareRunDir } from './actor/run-dir.js';
export { ActorServer, type ServeOptions, type ServerCounters, serve } from './actor/server.js';
export type { Subscription, SubscriptionHandlers } from './actor/subscription.js';
export { Supervisor, type SupervisorEvents, type SupervisorOptions } from './actor/supervisor.js';
export * from './config/bridge.js';
export { advertisedPrefixes } from './config/check-router-advertisements.js';
export * from './config/device.js';
export * from './config/dhcp.js';
export * from './config/dhcp-client.js';
export * from './config/dhcp6.js';
export * from './config/dhcp6-client.js';
export * from './config/dns.js';
export * from './config/esp-proposal.js';
export * from './config/ike.js';
export * from './config/ike-auth.js';
export * from './config/ike-child.js';
export { childAlwaysEsn, childEspProposals, childSelectors } from './config/ike-child-parts.js';
export * from './config/ike-identity.js';
export { connectionWarnings } from './config/ike-parts.js';
export * from './config/ike-proposal.js';
export * from './config/interface.js';
export * from './config/interface-list.js';
export * from './config/ipfix.js';
export * from './config/loopback.js';
export * from './config/management.js';
export * from './config/node.js';
export * from './config/reassembly.js';
export * from './config/route.js';
export * from './config/router-advertisement.js';
export * from './config/snmp.js';
export * from './config/syslog.js';
export * from './config/traffic-selector.js';
export * from './config/tunnel.js';
export * from './config/vlan.js';
export * from './config/vrf.js';
export { configWarnings, managementWarnings } from './config/warnings.js';
export type { DhcpOption } from './dhcp-options/define-option.js';
export { DHCP_OPTIONS, type DhcpOptionName, type DhcpOptionsSection } from './dhcp-options/index.js';
export type { DhcpOptionKind, DhcpOptionValue, DhcpSuboption } from './dhcp-options/values.js';
export { createLogger, type Logger, type LoggerOptions, SECRET_NAMES } from './log.js';
export * from './messages/agent.js';
export * from './messages/dataplane.js';
export * from './messages/dataplane-reports.js';
export * from './messages/dhcpd.js';
export * from './messages/flows.js';
export * from './messages/ike-bridge.js';
export * from './messages/inspection.js';
export * from './messages/management.js';
export * from './messages/sa.js';
export {
  type NamedFile,
  readNamedFile,
  readOpenFile,
  statNamedFile,
  statOf,
  writeNamedFile,
} from './named-file.js';
export * from './net/index.js';
export { readSecretFile } from './secret-file.js';
export {
  askSupervisor,
  type FileStat,
  hasSupervisor,
  SUPERVISOR_SOCKET,
  type SupervisorAnswer,
  supervisorRequestSchema,
} from './supervisor-request.js';
export { type UntilOptions, until } from './until.js';
export { namedNamespaces, namespacePath, ownNamespaceName, vrfNamespaceName } from './vrf-namespace.js';
