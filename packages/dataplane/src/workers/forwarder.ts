// A forwarding worker without its thread: ports, graph, rings and the round that joins them.

import type { Port } from '../drivers/port.js';
import { AuditLog } from '../graph/audit.js';
import { CAPTURE_IN, Capture } from '../graph/capture.js';
import type { EspCrypto, NodeContext } from '../graph/context.js';
import {
  GraphCounters,
  WORKER_LOOPS,
  WORKER_PACKETS,
  WORKER_SLEEPS,
  WORKER_TIMED_NS,
  WORKER_TIMED_PACKETS,
  WORKER_VECTORS,
} from '../graph/counters.js';
import { Dispatcher } from '../graph/dispatcher.js';
import { ROUTE_LOOP, routeIp4, routeIp6 } from '../graph/follow-route.js';
import { VECTOR_MAX } from '../graph/frame.js';
import { GRAPH } from '../graph/graph.js';
import { MacLearning } from '../graph/mac-learning.js';
import type { NodeDefinition } from '../graph/node.js';
import { makePlainEgress } from '../graph/plain-egress.js';
import { PuntPolicer } from '../graph/punt-policer.js';
import { RateLimiters } from '../graph/rate-limiter.js';
import { makeRouteVector4 } from '../graph/route-vector4.js';
import { Tracer } from '../graph/tracer.js';
import { EpochReader } from '../memory/epoch.js';
import { FLAG_LOCAL_ORIGIN, PacketPool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import { COUNT_OWN_UNRESOLVED, COUNT_UNRESOLVED, ip4Arp } from '../nodes/ip4-arp.js';
import { icmpErrorAux } from '../nodes/ip4-icmp-error.js';
import { ip6Nd } from '../nodes/ip6-nd.js';
import { floodLimits } from '../nodes/l2-flood.js';
import { ADJ_GLEAN, ADJ_INCOMPLETE, ADJ_KIND, ADJ_SHIFT } from '../tables/adjacencies.js';
import { FlowTable } from '../tables/flows.js';
import { FragmentKey } from '../tables/fragment-contexts.js';
import { HashU32 } from '../tables/hash-u32.js';
import { INTERFACES_MAX, InterfaceTable } from '../tables/interfaces.js';
import { Ip4Fib } from '../tables/ip4-fib.js';
import { Ip6Fib } from '../tables/ip6-fib.js';
import { MacTable } from '../tables/macs.js';
import { Reassembly } from '../tables/reassembly.js';
import { SaTable } from '../tables/security-associations.js';
import { VirtualReassembly } from '../tables/virtual-reassembly.js';
import { WorkerNodes } from '../user-nodes/worker-nodes.js';
import { CODE_HOST_UNREACHABLE, ICMP_UNREACHABLE } from '../wire/icmp4.js';
import { CODE6_ADDRESS_UNREACHABLE, ICMP6_UNREACHABLE } from '../wire/icmp6.js';
import { type Arrivals, makeArrivals } from './arrivals.js';
import type { LoopWork } from './event-loop.js';
import { NODE_SHIFT, PACKET_MASK } from './packet-rings.js';
import { PortQueue } from './port-queue.js';
import { REASSEMBLY_TICK_MS, ReassemblyTimer } from './reassembly-timer.js';
import { reassemblyShare, type SharedMemory, SIGNAL_NEIGHBOURS, VRFS_MAX } from './shared-memory.js';
import { Services } from './worker-services.js';

/**
 * ICMP errors of each family a second and burst, per receiving interface and worker: RFC 1812 section 4.3.2.8 and RFC
 * 4443 section 2.4 f ask for a limit, and a flood on one interface must not silence another.
 */
const ICMP_ERRORS_PER_SECOND = 1000;
const ICMP_ERRORS_BURST = 100;
/** Router advertisements a second and burst, by interface: routers send one in three seconds (RFC 4861 section 10). */
const ADVERTISEMENTS_PER_SECOND = 10;
const ADVERTISEMENTS_BURST = 20;
/** Requests for an SA that tunnels may make: charon is not asked again while it is likely to be at it. */
const ACQUIRES_PER_SECOND = 1;
/** How often parked packets are looked at without a neighbour having changed. */
const PARKED_TICK_MS = 100;
/** A round in so many is timed as a whole. */
const TIMED_EVERY = 16;
/** How often figures that live in this thread are copied to shared memory. */
const PUBLISH_MS = 100;

export class Forwarder implements LoopWork {
  readonly pool: PacketPool;
  readonly tracer: Tracer;
  readonly capture: Capture;
  readonly counters: GraphCounters;
  readonly services: Services;
  /** Rings that this worker consumes. */
  readonly rings: SpscRing[];
  sleeps = 0;
  readonly userNodes: WorkerNodes;
  private readonly dispatcher: Dispatcher;
  private readonly context: NodeContext;
  private readonly epoch: EpochReader;
  private readonly signals: Int32Array;
  private readonly queues: PortQueue[] = [];
  private readonly arrive: Arrivals;
  private readonly received = new Int32Array(VECTOR_MAX);
  private readonly inputNode: number;
  private readonly lookupNode: number;
  private readonly errorNode: number;
  private readonly lookupNode6: number;
  private readonly errorNode6: number;
  private readonly arpCounters: Float64Array;
  /** Of ip6-nd, in the same order. */
  private readonly ndCounters: Float64Array;
  private neighboursSeen = 0;
  private readonly reassemblyTimer: ReassemblyTimer;
  private reassemblySeenAt = 0;
  private parkedSeenAt = 0;
  private publishedAt = 0;
  private countdown = TIMED_EVERY;

  constructor(
    shared: SharedMemory,
    readonly index: number,
    crypto: EspCrypto,
    graph: readonly NodeDefinition[] = GRAPH,
    /** Milliseconds since 1970. */
    private readonly clock: () => number = Date.now,
  ) {
    this.pool = new PacketPool(shared.pool, shared.frames);
    this.tracer = new Tracer(this.pool, index);
    this.counters = new GraphCounters(graph, shared.counters[index]!);
    this.capture = new Capture(this.pool, shared.captures[index]!);
    this.arrive = makeArrivals(this.pool, this.counters.interfaces);
    this.dispatcher = new Dispatcher(graph, this.pool, this.counters, this.tracer, this.capture);
    this.userNodes = new WorkerNodes(this.dispatcher, new Int32Array(shared.running), index);
    this.services = new Services(
      shared,
      index,
      this.pool,
      this.dispatcher,
      this.tracer,
      this.capture,
      this.counters.interfaces,
    );
    this.epoch = new EpochReader(shared.epoch, index);
    this.signals = new Int32Array(shared.signals);
    this.rings = [
      ...shared.handOff.map((row) => row[index]!).filter((_, from) => from !== index),
      shared.inject[index]!,
      shared.fromControl[index]!,
    ].map((buffer) => new SpscRing(buffer));
    const limits = reassemblyShare(shared);
    const context = {
      pool: this.pool,
      fib: new Ip4Fib(shared.fib),
      fib6: new Ip6Fib(shared.fib6),
      adjacencies: new Int32Array(shared.adjacencies),
      paths: new Int32Array(shared.paths),
      interfaces: new InterfaceTable(shared.interfaces),
      sas: new SaTable(shared.sas),
      spis: new HashU32(shared.spis),
      vlans: new HashU32(shared.vlans),
      macs: new MacTable(shared.macs),
      macLearning: new MacLearning(),
      floods: floodLimits(),
      tunnels: new Int32Array(shared.tunnels),
      tunnelIndex: new HashU32(shared.tunnelIndex),
      crypto,
      worker: index,
      workers: shared.workers,
      now: 0,
      plain: true,
      icmpErrors: new RateLimiters(INTERFACES_MAX, ICMP_ERRORS_PER_SECOND, ICMP_ERRORS_BURST),
      icmp6Errors: new RateLimiters(INTERFACES_MAX, ICMP_ERRORS_PER_SECOND, ICMP_ERRORS_BURST),
      reassembly: new Reassembly(limits, VRFS_MAX, new FragmentKey(shared.hashSeed)),
      virtual: new VirtualReassembly(limits, VRFS_MAX, new FragmentKey(shared.hashSeed)),
      flows: new FlowTable(shared.flows[index]!, shared.hashSeed),
      audit: new AuditLog(new SpscRing(shared.audit[index]!), new Int32Array(shared.auditSuppressed), index),
      advertisements: new RateLimiters(INTERFACES_MAX, ADVERTISEMENTS_PER_SECOND, ADVERTISEMENTS_BURST),
      acquires: new RateLimiters(INTERFACES_MAX, ACQUIRES_PER_SECOND, 1),
      puntPolicer: new PuntPolicer(),
      interfaceCounters: this.counters.interfaces,
      services: this.services,
    };
    this.context = {
      ...context,
      egress: makePlainEgress(context),
      routes4: makeRouteVector4(this.pool, context.fib),
    };
    this.reassemblyTimer = new ReassemblyTimer(this.context, this.dispatcher, (node) =>
      this.counters.ofNode(node),
    );
    this.inputNode = this.dispatcher.indexOf('ethernet-input');
    this.lookupNode = this.dispatcher.indexOf('ip4-lookup');
    this.errorNode = this.dispatcher.indexOf('ip4-icmp-error');
    this.lookupNode6 = this.dispatcher.indexOf('ip6-lookup');
    this.errorNode6 = this.dispatcher.indexOf('ip6-icmp-error');
    this.ndCounters = this.counters.ofNode(this.dispatcher.indexOf(ip6Nd.name));
    this.arpCounters = this.counters.ofNode(this.dispatcher.indexOf(ip4Arp.name));
    this.epoch.online();
  }

  addPort(row: number, port: Port): void {
    const queue = new PortQueue(row, port, this.pool);
    this.queues.push(queue);
    this.services.ports[row] = queue;
  }

  /** Takes a port out and closes it; undefined when this worker has none for the row. */
  removePort(row: number): PortQueue | undefined {
    const queue = this.services.ports[row];
    if (queue === undefined) return undefined;
    this.services.ports[row] = undefined;
    this.queues.splice(this.queues.indexOf(queue), 1);
    queue.close();
    return queue;
  }

  /** One round: receive, run the graph, send. Returns the packets moved. */
  round(): number {
    const timed = --this.countdown === 0;
    const start = timed ? performance.now() : 0;
    this.epoch.quiescent();
    const now = this.clock();
    this.context.now = now;
    this.services.now = now;
    this.context.plain = !this.tracer.active && !this.capture.traffic;
    const moved = this.receive() + this.takeOver();
    this.unpark(now);
    this.expireFragments(now);
    if (moved > 0) this.dispatcher.run(this.context);
    const sent = this.flush();
    const { worker } = this.counters;
    worker[WORKER_LOOPS]!++;
    if (moved > 0) {
      worker[WORKER_PACKETS]! += moved;
      worker[WORKER_VECTORS]!++;
    }
    if (timed) {
      this.countdown = TIMED_EVERY;
      if (moved > 0) {
        worker[WORKER_TIMED_PACKETS]! += moved;
        worker[WORKER_TIMED_NS]! += (performance.now() - start) * 1e6;
      }
    }
    if (now - this.publishedAt >= PUBLISH_MS) this.publish(now);
    return moved + sent;
  }

  beforeSleep(): number {
    this.publish(this.context.now);
    this.counters.worker[WORKER_SLEEPS]!++;
    this.epoch.offline();
    // Nothing signals that a full transmit ring has room again, or the pool frames.
    for (const queue of this.queues) if (queue.unfinished) return 1;
    if (this.services.parked.length > 0) return PARKED_TICK_MS;
    const { reassembly, virtual } = this.context;
    return reassembly.contexts.used + virtual.contexts.used > 0 ? REASSEMBLY_TICK_MS : 0;
  }

  afterSleep(): void {
    this.epoch.online();
  }

  /** Gives frames and caches back, before the thread ends. */
  close(): void {
    for (const queue of this.queues.splice(0)) queue.close();
    this.services.parked.take((packet) => {
      this.pool.free(packet);
      return true;
    }, 0);
    for (const table of [this.context.reassembly, this.context.virtual]) {
      const { contexts } = table;
      for (let row = contexts.oldest(); row >= 0; row = contexts.oldest()) {
        this.pool.freeMany(table.released, 0, table.release(row));
        table.close(row);
      }
    }
    this.pool.drain();
    this.epoch.offline();
  }

  /** Fragments that wait for others, as packets that the graph holds. */
  get fragmentsHeld(): number {
    return this.context.reassembly.held + this.context.virtual.held;
  }

  private receive(): number {
    const { queues, dispatcher } = this;
    const { rxInterface } = this.pool;
    let total = 0;
    for (let q = 0; q < queues.length; q++) {
      const queue = queues[q]!;
      // The first port's packets mostly find an empty vector: they are received into it.
      const inbox = dispatcher.waitingFor(this.inputNode);
      const packets = inbox.length === 0 ? inbox.packets : this.received;
      const count = queue.port.receive(packets, VECTOR_MAX);
      if (count === 0) continue;
      this.arrive(packets, count, queue.row);
      if (this.tracer.active) this.tracer.choose(packets, count);
      if (this.capture.traffic) this.capture.vector(packets, 0, count, rxInterface, CAPTURE_IN, false);
      if (packets === inbox.packets) inbox.length = count;
      else dispatcher.pushMany(packets, count, this.inputNode);
      total += count;
    }
    return total;
  }

  /** Packets from other threads go on where those say. */
  private takeOver(): number {
    let total = 0;
    for (let r = 0; r < this.rings.length; r++) {
      const count = this.rings[r]!.popMany(this.received, 0, VECTOR_MAX);
      for (let i = 0; i < count; i++) {
        const word = this.received[i]!;
        if (this.tracer.active) this.tracer.taken(word & PACKET_MASK);
        this.dispatcher.push(word & PACKET_MASK, word >>> NODE_SHIFT);
      }
      total += count;
    }
    return total;
  }

  private unpark(now: number): void {
    const { parked } = this.services;
    if (parked.length === 0) return;
    const neighbours = Atomics.load(this.signals, SIGNAL_NEIGHBOURS);
    if (neighbours === this.neighboursSeen && now - this.parkedSeenAt < PARKED_TICK_MS) return;
    this.neighboursSeen = neighbours;
    this.parkedSeenAt = now;
    const before = parked.length;
    parked.take(this.mayLeave, now);
    if (parked.length < before) this.dispatcher.run(this.context);
  }

  private expireFragments(now: number): void {
    if (now - this.reassemblySeenAt < REASSEMBLY_TICK_MS) return;
    this.reassemblySeenAt = now;
    if (this.reassemblyTimer.tick(now)) this.dispatcher.run(this.context);
  }

  private readonly mayLeave = (packet: number, expired: boolean): boolean => {
    const { pool, context } = this;
    const isIp4 = pool.bytes[pool.l3[packet]!]! >>> 4 === 4;
    const row = isIp4 ? routeIp4(context, packet) : routeIp6(context, packet);
    const kind = row === ROUTE_LOOP ? ROUTE_LOOP : context.adjacencies[(row << ADJ_SHIFT) + ADJ_KIND];
    if (kind !== ADJ_GLEAN && kind !== ADJ_INCOMPLETE) {
      this.dispatcher.push(packet, isIp4 ? this.lookupNode : this.lookupNode6);
      return true;
    }
    if (!expired) return false;
    const counters = isIp4 ? this.arpCounters : this.ndCounters;
    if (pool.flags[packet]! & FLAG_LOCAL_ORIGIN) {
      // An error about it would go to the box, and in the VRF of whatever it was made from.
      counters[COUNT_OWN_UNRESOLVED]!++;
      pool.reason[packet] = COUNT_OWN_UNRESOLVED;
      this.dispatcher.drop(packet);
      return true;
    }
    counters[COUNT_UNRESOLVED]!++;
    pool.aux[packet] = isIp4
      ? icmpErrorAux(ICMP_UNREACHABLE, CODE_HOST_UNREACHABLE, 0)
      : icmpErrorAux(ICMP6_UNREACHABLE, CODE6_ADDRESS_UNREACHABLE, 0);
    this.dispatcher.push(packet, isIp4 ? this.errorNode : this.errorNode6);
    return true;
  };

  private flush(): number {
    let sent = 0;
    for (let i = 0; i < this.queues.length; i++) sent += this.queues[i]!.flush();
    this.services.flush();
    return sent;
  }

  private publish(now: number): void {
    this.publishedAt = now;
    this.dispatcher.publish();
    let held = 0;
    for (const queue of this.queues) held += queue.port.held;
    this.pool.publish(held);
  }
}
