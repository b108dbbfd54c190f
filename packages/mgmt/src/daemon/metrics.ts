// What a gateway knows as Prometheus metrics: asked for at each scrape, so that the figures are those of the moment.
//
// Names and units as Prometheus has them: base units, _total for what only grows
// (https://prometheus.io/docs/practices/naming/).
import type {
  AgentStatus,
  Dhcp6ClientReport,
  DhcpClientReport,
  DhcpCounter,
  DhcpNetworkReport,
  ErrorCounter,
  InterfaceReport,
  NodeRuntime,
  SaReport,
  SyslogServerReport,
  WorkerRuntime,
} from '@sluice/shared';
import { Counter, Gauge, Registry } from 'prom-client';
import type { SnmpReport } from '../snmp/agent.js';
import { addFlows, type FlowFigures } from './flow-metrics.js';
import { addLogins, type LoginService } from './login-metrics.js';

/** The answers that a scrape is made of; null from a process that did not answer. */
export interface Figures {
  agent: AgentStatus | null;
  dataplane: {
    interfaces: InterfaceReport[];
    errors: ErrorCounter[];
    workers: WorkerRuntime[];
    nodes: NodeRuntime[];
    sas: SaReport[];
    flows: FlowFigures;
    frames: number;
    framesFree: number;
  } | null;
  ike: { ikeSas: { established: number; children: number }; charonUp: boolean } | null;
  dhcp: {
    networks: DhcpNetworkReport[];
    clients: DhcpClientReport[];
    clients6: Dhcp6ClientReport[];
    counters: DhcpCounter[];
  } | null;
  /** The management process's own. */
  syslog: SyslogServerReport[];
  snmp: SnmpReport | null;
}

type Labels = Record<string, string>;

class Page {
  private readonly registry = new Registry();

  counter(name: string, help: string, samples: readonly [Labels, number][]): void {
    const labelNames = Object.keys(samples[0]?.[0] ?? {});
    const counter = new Counter({ name, help, labelNames, registers: [this.registry] });
    for (const [labels, value] of samples) counter.inc(labels, value);
  }

  gauge(name: string, help: string, samples: readonly [Labels, number][]): void {
    const labelNames = Object.keys(samples[0]?.[0] ?? {});
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry] });
    for (const [labels, value] of samples) gauge.set(labels, value);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

export const METRICS_TYPE = new Registry().contentType;

/** The page that a scrape is answered with. */
export function renderMetrics(figures: Figures, logins: readonly LoginService[] = []): Promise<string> {
  const page = new Page();
  page.gauge('sluice_process_up', 'Whether a process of the gateway answers', [
    [{ process: 'agent' }, Number(figures.agent !== null)],
    [{ process: 'dataplane' }, Number(figures.dataplane !== null)],
    [{ process: 'ike-bridge' }, Number(figures.ike !== null)],
    [{ process: 'charon' }, Number(figures.ike?.charonUp ?? false)],
    [{ process: 'dhcpd' }, Number(figures.dhcp !== null)],
  ]);
  if (figures.agent !== null) addAgent(page, figures.agent);
  if (figures.dataplane !== null) addDataplane(page, figures.dataplane);
  if (figures.ike !== null) {
    page.gauge('sluice_ike_sas', 'IKE_SAs that are established', [[{}, figures.ike.ikeSas.established]]);
    page.gauge('sluice_child_sas', 'CHILD_SAs that are installed', [[{}, figures.ike.ikeSas.children]]);
  }
  if (figures.dhcp !== null) addDhcp(page, figures.dhcp);
  if (logins.length > 0) addLogins(page, logins);
  addSyslog(page, figures.syslog);
  if (figures.snmp !== null) addSnmp(page, figures.snmp);
  return page.text();
}

function addDhcp(page: Page, { networks, clients, clients6, counters }: NonNullable<Figures['dhcp']>): void {
  const each = (value: (entry: DhcpNetworkReport) => number): [Labels, number][] =>
    networks.map((entry) => [{ network: entry.network, vrf: entry.vrf }, value(entry)]);
  page.gauge(
    'sluice_dhcp_addresses',
    'Addresses that clients of a network can be given',
    each(({ addresses }) => addresses),
  );
  page.gauge(
    'sluice_dhcp_leases',
    'Addresses that they have',
    each(({ bound }) => bound),
  );
  page.counter(
    'sluice_dhcp_messages_total',
    'What came of messages of DHCP',
    counters.map(({ name, drop, count }) => [{ outcome: name, dropped: String(drop) }, count]),
  );
  page.gauge(
    'sluice_dhcp_client_bound',
    'Whether an interface that asks for its address has one',
    clients.map(({ interface: name, vrf, lease }) => [{ interface: name, vrf }, Number(lease !== null)]),
  );
  const each6 = (has: (lease: Dhcp6ClientReport['lease']) => boolean): [Labels, number][] =>
    clients6.map(({ interface: name, vrf, lease }) => [{ interface: name, vrf }, Number(has(lease))]);
  page.gauge(
    'sluice_dhcp6_client_bound',
    'Whether an interface that asks by DHCPv6 has an address or a prefix',
    each6((lease) => lease !== null),
  );
  page.gauge(
    'sluice_dhcp6_client_prefix',
    'Whether it has a delegated prefix',
    each6((lease) => lease !== null && lease.prefix !== null),
  );
}

function addSnmp(page: Page, { requests, dropped }: SnmpReport): void {
  page.counter('sluice_snmp_requests_total', 'Requests by SNMP of those who may ask', [[{}, requests]]);
  page.counter(
    'sluice_snmp_dropped_total',
    'Requests that got no answer, or no value, and why',
    Object.entries(dropped).map(([reason, count]) => [{ reason }, count]),
  );
}

function addSyslog(page: Page, servers: readonly SyslogServerReport[]): void {
  const each = (value: (entry: SyslogServerReport) => number): [Labels, number][] =>
    servers.map((entry) => [{ server: entry.server }, value(entry)]);
  page.gauge(
    'sluice_syslog_up',
    'Whether a syslog server is reached; over UDP, whether the last datagram left',
    each(({ state }) => Number(state === 'up')),
  );
  page.counter(
    'sluice_syslog_sent_total',
    'Lines of logs that a syslog server was sent',
    each(({ sent }) => sent),
  );
  page.counter(
    'sluice_syslog_lost_total',
    'Lines that it will never get, for want of room while it was not reached, or because they did not leave',
    each(({ lost }) => lost),
  );
  page.gauge(
    'sluice_syslog_queued',
    'Lines that wait for it',
    each(({ queued }) => queued),
  );
}

function addAgent(page: Page, { revision, converged }: AgentStatus): void {
  page.gauge('sluice_configuration_revision', 'Revision of the configuration in force', [[{}, revision]]);
  page.gauge('sluice_configuration_converged', 'Whether every process has reached it', [
    [{}, Number(converged)],
  ]);
}

function addDataplane(page: Page, figures: NonNullable<Figures['dataplane']>): void {
  addInterfaces(page, figures.interfaces);
  addNodes(page, figures.nodes, figures.errors);
  addWorkers(page, figures.workers);
  addSas(page, figures.sas);
  addFlows(page, figures.flows);
  page.gauge('sluice_pool_frames', 'Frames of the packet pool', [[{}, figures.frames]]);
  page.gauge('sluice_pool_free_frames', 'Frames of the packet pool that are free', [
    [{}, figures.framesFree],
  ]);
}

function addInterfaces(page: Page, interfaces: readonly InterfaceReport[]): void {
  const each = (value: (entry: InterfaceReport) => number): [Labels, number][] =>
    interfaces.map((entry) => [{ interface: entry.name, vrf: entry.vrf, kind: entry.kind }, value(entry)]);
  const counted: [string, string, (entry: InterfaceReport) => number][] = [
    ['receive_packets', 'Packets received', (entry) => entry.rx_packets],
    ['receive_bytes', 'Bytes received', (entry) => entry.rx_bytes],
    ['transmit_packets', 'Packets sent', (entry) => entry.tx_packets],
    ['transmit_bytes', 'Bytes sent', (entry) => entry.tx_bytes],
    ['drops', 'Packets received and dropped, for any reason', (entry) => entry.drops],
    ['punted_packets', 'Packets given to Linux', (entry) => entry.punted],
    ['injected_packets', 'Packets taken from Linux', (entry) => entry.injected],
  ];
  for (const [name, help, value] of counted)
    page.counter(`sluice_interface_${name}_total`, help, each(value));
  page.gauge(
    'sluice_interface_up',
    'Whether the interface is up',
    each(({ state }) => Number(state === 'up')),
  );
  page.gauge(
    'sluice_interface_mtu_bytes',
    'Largest IP packet',
    each(({ mtu }) => mtu),
  );
}

function addNodes(page: Page, nodes: readonly NodeRuntime[], errors: readonly ErrorCounter[]): void {
  const each = (value: (entry: NodeRuntime) => number): [Labels, number][] =>
    nodes.map((entry) => [{ node: entry.node, worker: String(entry.worker) }, value(entry)]);
  page.counter(
    'sluice_node_packets_total',
    'Packets that met a node of the graph',
    each(({ packets }) => packets),
  );
  page.counter(
    'sluice_node_calls_total',
    'Vectors that a node was called with',
    each(({ calls }) => calls),
  );
  page.gauge(
    'sluice_node_seconds_per_packet',
    'Time a node takes for a packet, on a sample of its calls',
    nodes.flatMap(({ node, worker, ns_per_packet: ns }): [Labels, number][] =>
      ns === null ? [] : [[{ node, worker: String(worker) }, ns / 1e9]],
    ),
  );
  const of = (drop: boolean): [Labels, number][] =>
    errors
      .filter((error) => error.drop === drop)
      .map(({ node, reason, severity, count }) => [{ node, reason, severity }, count]);
  page.counter('sluice_drops_total', 'Packets dropped, by node and reason', of(true));
  page.counter('sluice_events_total', 'What nodes count of packets that go on', of(false));
}

function addWorkers(page: Page, workers: readonly WorkerRuntime[]): void {
  const each = (value: (entry: WorkerRuntime) => number): [Labels, number][] =>
    workers.map((entry) => [{ worker: String(entry.worker) }, value(entry)]);
  page.counter(
    'sluice_worker_packets_total',
    'Packets that a worker moved',
    each(({ packets }) => packets),
  );
  page.counter(
    'sluice_worker_rounds_total',
    'Rounds of its loop',
    each(({ loops }) => loops),
  );
  page.counter(
    'sluice_worker_sleeps_total',
    'Times that it slept for want of work',
    each(({ sleeps }) => sleeps),
  );
}

function addSas(page: Page, sas: readonly SaReport[]): void {
  const each = (value: (counters: SaReport['counters']) => number): [Labels, number][] =>
    sas.map(({ spi, direction, interface: tunnel, counters }) => [
      { spi: `0x${spi.toString(16).padStart(8, '0')}`, direction, interface: tunnel ?? '' },
      value(counters),
    ]);
  page.counter(
    'sluice_sa_packets_total',
    'Packets sealed or opened by an SA',
    each(({ packets }) => packets),
  );
  page.counter(
    'sluice_sa_bytes_total',
    'Bytes inside them',
    each(({ bytes }) => bytes),
  );
  page.counter(
    'sluice_sa_replayed_total',
    'Packets refused by the replay window',
    each(({ replayed }) => replayed),
  );
  page.counter(
    'sluice_sa_integrity_failed_total',
    'Packets whose ICV was wrong',
    each(({ integrity_failed: failed }) => failed),
  );
}
