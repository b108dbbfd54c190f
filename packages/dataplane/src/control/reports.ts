// What a person is shown of the data plane, from its tables and counters.
import type {
  CountersReport,
  ErrorCounter,
  InterfaceReport,
  NeighbourReport,
  NodeRuntime,
  WorkerRuntime,
} from '@sluice/shared';
import {
  GraphCounters,
  INTERFACE_COUNTERS_SHIFT,
  INTERFACE_DROPS,
  INTERFACE_INJECTED,
  INTERFACE_PUNTED,
  INTERFACE_RX_BYTES,
  INTERFACE_RX_PACKETS,
  INTERFACE_TX_BYTES,
  INTERFACE_TX_PACKETS,
  WORKER_LOOPS,
  WORKER_PACKETS,
  WORKER_SLEEPS,
  WORKER_TIMED_NS,
  WORKER_TIMED_PACKETS,
  WORKER_VECTORS,
} from '../graph/counters.js';
import { GRAPH } from '../graph/graph.js';
import type { NodeDefinition } from '../graph/node.js';
import { formatAddress } from './address.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';
import type { Layer2 } from './layer2.js';
import type { Neighbours } from './neighbours.js';
import type { UserNodes } from './user-nodes.js';

export class Reports {
  private readonly workers: GraphCounters[];

  constructor(
    counters: readonly SharedArrayBuffer[],
    private readonly cpus: readonly (number | null)[],
    private readonly list: Interfaces,
    private readonly neighbours: Neighbours,
    private readonly userNodes: Pick<UserNodes, 'definitions'>,
    private readonly layer2: Pick<Layer2, 'details'>,
  ) {
    this.workers = counters.map((buffer) => new GraphCounters(GRAPH, buffer));
  }

  interfaces(): InterfaceReport[] {
    return this.list.list().map((entry) => ({
      name: entry.name,
      kind: entry.kind,
      ...this.layer2.details(entry),
      device: entry.device,
      driver: entry.driver,
      vrf: entry.vrfName,
      state: entry.enabled && entry.running ? 'up' : 'down',
      mtu: entry.mtu,
      mac: entry.mac,
      addresses: this.list.addressTexts(entry),
      rx_packets: this.sum(entry, INTERFACE_RX_PACKETS),
      rx_bytes: this.sum(entry, INTERFACE_RX_BYTES),
      tx_packets: this.sum(entry, INTERFACE_TX_PACKETS),
      tx_bytes: this.sum(entry, INTERFACE_TX_BYTES),
      drops: this.sum(entry, INTERFACE_DROPS),
      punted: this.sum(entry, INTERFACE_PUNTED),
      injected: this.sum(entry, INTERFACE_INJECTED),
    }));
  }

  neighbourReports(now: number): NeighbourReport[] {
    return this.neighbours.list().map((entry) => ({
      interface: this.list.ofRow(entry.row)?.name ?? '?',
      address: formatAddress(entry.address),
      mac:
        entry.mac === null
          ? null
          : Array.from(entry.mac, (octet) => octet.toString(16).padStart(2, '0')).join(':'),
      state: entry.state,
      router: entry.router,
      age_s: Math.round((now - entry.since) / 1000),
    }));
  }

  workerReports(): WorkerRuntime[] {
    return this.workers.map(({ worker }, index) => ({
      worker: index,
      cpu: this.cpus[index] ?? null,
      loops: worker[WORKER_LOOPS]!,
      sleeps: worker[WORKER_SLEEPS]!,
      packets: worker[WORKER_PACKETS]!,
      vectors: worker[WORKER_VECTORS]!,
      ns_per_packet: ratio(worker[WORKER_TIMED_NS]!, worker[WORKER_TIMED_PACKETS]!),
    }));
  }

  nodeReports(): NodeRuntime[] {
    return this.workers.flatMap(({ runtime }, worker) =>
      this.nodes().map(({ node, index }) => ({
        worker,
        node: node.name,
        calls: runtime[index * 4]!,
        packets: runtime[index * 4 + 1]!,
        vector: ratio(runtime[index * 4 + 1]!, runtime[index * 4]!) ?? 0,
        ns_per_packet: ratio(runtime[index * 4 + 3]!, runtime[index * 4 + 2]!),
      })),
    );
  }

  /** Every counter of the graph that has moved, and what was lost around it. */
  errors(around: readonly ErrorCounter[]): ErrorCounter[] {
    const graph = this.nodes().flatMap(({ node, index }) =>
      node.counters.map((counter, i) => ({
        node: node.name,
        reason: counter.name,
        severity: counter.severity,
        drop: counter.drop ?? false,
        count: this.workers.reduce((sum, worker) => sum + worker.ofNode(index)[i]!, 0),
        help: counter.help,
      })),
    );
    const overflow: ErrorCounter = {
      node: 'dispatcher',
      reason: 'vector_full',
      severity: 'error',
      drop: true,
      count: this.workers.reduce((sum, worker) => sum + worker.overflow[0]!, 0),
      help: 'more packets for a node in one round than its vector holds',
    };
    return [...graph, overflow, ...around].filter((counter) => counter.count > 0);
  }

  /** A counter of a node of the graph, by all workers. */
  count(nodeName: string, name: string): number {
    const index = GRAPH.findIndex((node) => node.name === nodeName);
    const at = GRAPH[index]?.counters.findIndex((counter) => counter.name === name) ?? -1;
    return at < 0 ? 0 : this.workers.reduce((sum, worker) => sum + worker.ofNode(index)[at]!, 0);
  }

  /** The graph's nodes and users', with the index of their counters. */
  private nodes(): { node: Pick<NodeDefinition, 'name' | 'counters'>; index: number }[] {
    return [
      ...GRAPH.map((node, index) => ({ node, index })),
      ...this.userNodes
        .definitions()
        .map(({ slot, definition }) => ({ node: definition, index: GRAPH.length + slot })),
    ];
  }

  /** A drop reason as show errors has it: `ip4-input/bad_checksum`. */
  reasonName(index: number, reason: number): string {
    const node = this.nodes().find((one) => one.index === index)?.node;
    return `${node?.name ?? `node ${index}`}/${node?.counters[reason]?.name ?? reason}`;
  }

  drops(): number {
    return this.list.list().reduce((sum, entry) => sum + this.sum(entry, INTERFACE_DROPS), 0);
  }

  counters(now: number, rest: Pick<CountersReport, 'sas' | 'frames' | 'frames_free'>): CountersReport {
    return {
      at_ms: now,
      interfaces: this.interfaces(),
      workers: this.workerReports(),
      drops: this.drops(),
      ...rest,
    };
  }

  private sum(entry: Interface, counter: number): number {
    const at = (entry.row << INTERFACE_COUNTERS_SHIFT) + counter;
    return this.workers.reduce((sum, worker) => sum + worker.interfaces[at]!, 0);
  }
}

function ratio(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
