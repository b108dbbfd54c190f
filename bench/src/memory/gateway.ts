// A worker without its thread: the data plane's own Forwarder with every counter on, tables made from a description, and
// whatever ports a benchmark gives it.
import {
  allocateSharedMemory,
  BenchControl,
  type BenchTables,
  closeFd,
  compileAtCalls,
  eventOpen,
  Forwarder,
  GRAPH,
  makeEngine,
  PacketPool,
  type Port,
  type SharedMemory,
  type TestCrypto,
} from '@sluice/dataplane/test-support';

/** What packets go round through. */
export interface LoopGateway {
  readonly pool: PacketPool;
  readonly forwarder: Forwarder;
  addPort(name: string, port: Port): void;
  /** What was counted as lost, for an error's message. */
  dropped(): string;
  close(): void;
}

export function droppedBy({ counters }: Forwarder): string {
  const all = GRAPH.flatMap((node, index) =>
    node.counters.map(({ name }, at) => ({
      name: `${node.name}/${name}`,
      count: counters.ofNode(index)[at]!,
    })),
  );
  const moved = all.filter(({ count }) => count > 0).map(({ name, count }) => `${name} ${count}`);
  return moved.join(', ') || 'no counter has moved';
}

export interface GatewayOptions {
  /** Frames of the packet memory. */
  frames: number;
  /** What the forwarder asks for the time; the system's clock unless given. */
  clock?: () => number;
}

export class MemoryGateway implements LoopGateway {
  readonly shared: SharedMemory;
  /** The outside's view of the packet memory. */
  readonly pool: PacketPool;
  readonly control: BenchControl;
  readonly forwarder: Forwarder;
  readonly crypto: TestCrypto;

  constructor(tables: BenchTables, { frames, clock = Date.now }: GatewayOptions) {
    compileAtCalls();
    const events = { workerEvents: [eventOpen()], hostEvent: eventOpen(), controlEvent: eventOpen() };
    this.shared = allocateSharedMemory(1, frames, events);
    this.pool = new PacketPool(this.shared.pool, frames);
    this.crypto = makeEngine('native', this.pool);
    this.control = new BenchControl(this.shared, tables, (...key) => this.crypto.setKey(...key));
    this.forwarder = new Forwarder(this.shared, 0, this.crypto, GRAPH, clock);
  }

  addPort(name: string, port: Port): void {
    this.forwarder.addPort(this.control.row(name), port);
  }

  dropped(): string {
    return droppedBy(this.forwarder);
  }

  /** Packets that a node has had; the users' node is the one that is not of the graph. */
  packetsOf(node: string): number {
    // Before it sleeps a worker publishes what it has counted.
    this.forwarder.beforeSleep();
    this.forwarder.afterSleep();
    const index = GRAPH.findIndex(({ name }) => name === node);
    return this.forwarder.counters.runtime[(index < 0 ? GRAPH.length : index) * 4 + 1]!;
  }

  close(): void {
    this.forwarder.close();
    this.crypto.close();
    for (const fd of [...this.shared.workerEvents, this.shared.hostEvent, this.shared.controlEvent])
      closeFd(fd);
  }
}
