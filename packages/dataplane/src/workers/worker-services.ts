// What nodes ask of their worker: hand-off, transmission, punting, neighbours. Each is a ring or a queue.
import { CAPTURE_OUT, type Capture } from '../graph/capture.js';
import type { WorkerServices } from '../graph/context.js';
import {
  INTERFACE_COUNTERS_SHIFT,
  INTERFACE_DROPS,
  INTERFACE_TX_BYTES,
  INTERFACE_TX_PACKETS,
} from '../graph/counters.js';
import type { Dispatcher } from '../graph/dispatcher.js';
import { PUNTED, SENT, type Tracer } from '../graph/tracer.js';
import { FLAG_TRACE, type PacketPool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import { eventSignal } from '../native/index.js';
import { INTERFACE_UP, INTERFACES_MAX, InterfaceTable, KIND_ETHERNET } from '../tables/interfaces.js';
import { PacketSender } from './packet-rings.js';
import { ParkedPackets } from './parked-packets.js';
import type { PortQueue } from './port-queue.js';
import {
  RECORD_ACQUIRE_DESTINATION,
  RECORD_ACQUIRE_SOURCE,
  RECORD_CONFLICT,
  RECORD_HEARD,
  RECORD_MAPPING,
  RECORD_PACKET,
  RECORD_PATH_MTU,
  RECORD_RESOLVE,
  RECORD_STATION,
  RECORD_WORDS,
  type SharedMemory,
} from './shared-memory.js';

export class Services implements WorkerServices {
  readonly parked = new ParkedPackets();
  /** By interface row; only the ports of this worker. */
  readonly ports: (PortQueue | undefined)[] = new Array<PortQueue | undefined>(INTERFACES_MAX).fill(
    undefined,
  );
  private readonly toWorkers: (PacketSender | null)[];
  private readonly toHost: PacketSender;
  private readonly toControl: SpscRing;
  private readonly record = new Int32Array(RECORD_WORDS);
  private recorded = false;
  private readonly outputNode: number;
  private readonly interfaces: InterfaceTable;
  /** Set by the worker once per round. */
  now = 0;

  constructor(
    private readonly shared: SharedMemory,
    private readonly worker: number,
    private readonly pool: PacketPool,
    private readonly dispatcher: Dispatcher,
    private readonly tracer: Tracer,
    private readonly capture: Capture,
    private readonly counters: Float64Array,
  ) {
    this.interfaces = new InterfaceTable(shared.interfaces);
    this.toWorkers = shared.handOff[worker]!.map((buffer, to) =>
      to === worker ? null : new PacketSender(buffer, shared.workerEvents[to]!),
    );
    this.toHost = new PacketSender(shared.punt[worker]!, shared.hostEvent);
    this.toControl = new SpscRing(shared.toControl[worker]!);
    this.outputNode = dispatcher.indexOf('interface-output');
  }

  emit(packet: number, next: number): void {
    this.dispatcher.emit(packet, next);
  }

  handOff(packet: number, worker: number, node: number): boolean {
    const sender = this.toWorkers[worker];
    if (!this.tracer.active) return sender?.send(packet, node) ?? false;
    const traced = (this.pool.flags[packet]! & FLAG_TRACE) !== 0;
    const id = this.pool.trace[packet]!;
    this.tracer.record(packet, 'hand-off', `worker ${worker}`);
    if (!sender?.send(packet, node)) return false;
    // From here on the packet is the other worker's.
    if (traced) this.tracer.handed(id);
    return true;
  }

  outlet(row: number): PortQueue | null {
    const { state, kind, worker } = this.interfaces;
    const isOwn = state[row] === INTERFACE_UP && kind[row] === KIND_ETHERNET && worker[row] === this.worker;
    return isOwn ? (this.ports[row] ?? null) : null;
  }

  transmit(packet: number): boolean {
    const row = this.pool.txInterface[packet]!;
    const owner = this.interfaces.worker[row]!;
    if (owner !== this.worker) return this.handOff(packet, owner, this.outputNode);
    const queue = this.ports[row];
    if (queue === undefined) return false;
    if (packet >= this.pool.frames) return this.transmitLarge(packet, queue);
    const bytes = this.pool.length[packet]!;
    if (this.tracer.active) this.tracer.record(packet, 'interface-output', SENT);
    if (this.capture.traffic) this.capture.packet(packet, row, CAPTURE_OUT, false);
    if (!queue.add(packet)) return false;
    const at = row << INTERFACE_COUNTERS_SHIFT;
    this.counters[at + INTERFACE_TX_PACKETS]!++;
    this.counters[at + INTERFACE_TX_BYTES]! += bytes;
    return true;
  }

  /** Ports send no large frames: what was put together, or has shrunk to the port's MTU, leaves in one of the usual size. */
  private transmitLarge(packet: number, queue: PortQueue): boolean {
    if (queue.full) return false;
    const small = this.pool.copyToSmall(packet);
    if (small >= 0) {
      this.pool.free(packet);
      return this.transmit(small);
    }
    if (this.pool.fitsSmall(packet)) queue.noFrame++;
    else queue.failed++;
    if (this.tracer.active) this.tracer.record(packet, 'interface-output', 'drop: no small frame');
    this.dispatcher.drop(packet);
    return true;
  }

  punt(packet: number, reserve: number): boolean {
    if (!this.toHost.hasRoom(reserve)) return false;
    if (this.tracer.active) this.tracer.record(packet, 'punt', PUNTED);
    return this.toHost.send(packet, 0);
  }

  heard(
    row: number,
    flags: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    mac0: number,
    mac2: number,
  ): boolean {
    return this.tell(RECORD_HEARD, row, w0, w1, w2, w3, (flags << 16) | mac0, mac2);
  }

  station(row: number, mac0: number, mac2: number): boolean {
    return this.tell(RECORD_STATION, row, 0, 0, 0, 0, mac0, mac2);
  }

  conflict(
    row: number,
    flags: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    mac0: number,
    mac2: number,
  ): boolean {
    return this.tell(RECORD_CONFLICT, row, w0, w1, w2, w3, (flags << 16) | mac0, mac2);
  }

  giveToControl(packet: number): boolean {
    if (!this.tell(RECORD_PACKET, this.pool.rxInterface[packet]!, packet, 0, 0, 0, 0, 0)) return false;
    this.dropped(packet);
    return true;
  }

  park(packet: number, row: number, flags: number, w0: number, w1: number, w2: number, w3: number): boolean {
    if (!this.parked.mayWait(row, w0, w1, w2, w3)) return false;
    // Every one that waits asks, not only the first: while a failed neighbour is left alone requests are
    // ignored, and under steady traffic some packet always waits. Few may wait, so few ask.
    if (!this.tell(RECORD_RESOLVE, row, w0, w1, w2, w3, flags << 16, 0)) return false;
    this.parked.add(packet, row, w0, w1, w2, w3, this.now);
    return true;
  }

  pathMtu(row: number, family: number, mtu: number, length: number): boolean {
    return this.tell(RECORD_PATH_MTU, row, family, mtu, length, 0, 0, 0);
  }

  acquire(row: number, family: number, protocol: number, src: Int32Array, dst: Int32Array): boolean {
    // Both records or none.
    if (!this.toControl.hasRoom(2 * RECORD_WORDS - 1)) return false;
    this.tellAddress(RECORD_ACQUIRE_SOURCE, row, src, (family << 16) | protocol, 0);
    return this.tellAddress(RECORD_ACQUIRE_DESTINATION, row, dst, (family << 16) | protocol, 0);
  }

  mapping(saRow: number, spi: number, family: number, source: Int32Array, port: number): boolean {
    return this.tellAddress(RECORD_MAPPING, saRow, source, (family << 16) | port, spi);
  }

  discard(packet: number, reason: number): void {
    this.pool.reason[packet] = reason;
    this.dispatcher.discard(packet);
  }

  dropped(packet: number): void {
    this.counters[(this.pool.rxInterface[packet]! << INTERFACE_COUNTERS_SHIFT) + INTERFACE_DROPS]!++;
  }

  nodeIndex(name: string): number {
    return this.dispatcher.indexOf(name);
  }

  /** Wakes whoever was given something in this round and sleeps. */
  flush(): void {
    for (let i = 0; i < this.toWorkers.length; i++) this.toWorkers[i]?.flush();
    this.toHost.flush();
    if (this.recorded) {
      this.recorded = false;
      if (this.toControl.needsWake()) eventSignal(this.shared.controlEvent);
    }
  }

  private tellAddress(kind: number, row: number, words: Int32Array, word5: number, word6: number): boolean {
    return this.tell(kind, row, words[0]!, words[1]!, words[2]!, words[3]!, word5, word6);
  }

  /** The words of tables/neighbour-records.ts; false when the ring is full. */
  private tell(
    kind: number,
    row: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    flagsAndMac0: number,
    mac2: number,
  ): boolean {
    const { record } = this;
    record[0] = (kind << 16) | row;
    record[1] = w0;
    record[2] = w1;
    record[3] = w2;
    record[4] = w3;
    record[5] = flagsAndMac0;
    record[6] = mac2;
    // Records are the ring's only traffic and its size is a multiple of theirs: it never takes half of one.
    if (this.toControl.pushMany(record, 0, RECORD_WORDS) === 0) return false;
    this.recorded = true;
    return true;
  }
}
