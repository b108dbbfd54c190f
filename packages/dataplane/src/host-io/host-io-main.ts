// The host-I/O thread: moves packets between the workers' rings and the twins on Linux, so that system
// calls on TAPs cost forwarding no time.
import { PacketPool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import {
  pollerAdd,
  pollerOpen,
  pollerReady,
  pollerRemove,
  TAP_STATISTICS,
  tapRead,
  tapStatistics,
  tapWrite,
} from '../native/index.js';
import { EventLoop, type LoopWork } from '../workers/event-loop.js';
import { PACKET_MASK, PacketSender } from '../workers/packet-rings.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import { onStart } from '../workers/thread-start.js';

export interface HostIoStart {
  shared: SharedMemory;
  /** Index in the graph of the node where packets from Linux start. */
  injectNode: number;
}

export interface HostIoFigures {
  /** Packets for an interface whose twin is gone. */
  noTwin: number;
  /** Packets that Linux did not take: the twin is down or its queue is full. */
  refused: number;
  /** Packets of Linux that found no frame or a full ring. */
  injectDropped: number;
  /** Packets of Linux that do not fit a frame. */
  tooLong: number;
}

/** errno(3) of a read from a twin that was deleted: EBADFD. */
const DELETED = -77;

interface Twin {
  row: number;
  fd: number;
  worker: number;
  /** Somebody removed it from Linux; the control side sees that and makes it anew. */
  deleted: boolean;
  /** Those that talk are read in each round, and are in the loop's poller while this thread sleeps. */
  talks: boolean;
  /** Rounds without a packet since the last one. */
  silentRounds: number;
}

/** Where descriptors are that wake this thread. */
type Watch = Pick<EventLoop, 'addDescriptor' | 'removeDescriptor'>;

const BATCH = 64;
/** Silent twins that are read in a round. */
const WOKEN = 64;
/** Rounds without a packet after which a twin is one of the silent. */
const SILENT_ROUNDS = 64;

/** Punts and injects between rings and descriptors. */
class HostIo implements LoopWork {
  readonly rings: SpscRing[];
  readonly figures: HostIoFigures = { noTwin: 0, refused: 0, injectDropped: 0, tooLong: 0 };
  private readonly pool: PacketPool;
  private readonly toWorkers: PacketSender[];
  private readonly twins: Twin[] = [];
  private readonly byRow: (Twin | undefined)[] = [];
  private readonly byFd: (Twin | undefined)[] = [];
  private readonly talking: Twin[] = [];
  /** A poller of its own for silent twins: a hub has thousands, and to ask each of them would take a millisecond a round. */
  private readonly silent = pollerOpen();
  private readonly woken = new Int32Array(WOKEN);
  private watch: Watch = { addDescriptor: () => undefined, removeDescriptor: () => undefined };
  private readonly batch = new Int32Array(BATCH);
  private readonly one = new Int32Array(1);
  /** A large frame that no packet has needed yet; -1 for none. */
  private spare = -1;

  constructor(
    shared: SharedMemory,
    private readonly injectNode: number,
  ) {
    this.pool = new PacketPool(shared.pool, shared.frames);
    this.rings = shared.punt.map((buffer) => new SpscRing(buffer));
    this.toWorkers = shared.inject.map((buffer, i) => new PacketSender(buffer, shared.workerEvents[i]!));
  }

  /** Before the first twin. */
  start(watch: Watch): void {
    this.watch = watch;
    watch.addDescriptor(this.silent);
  }

  addTwin(of: Pick<Twin, 'row' | 'fd' | 'worker'>): void {
    const twin = { ...of, deleted: false, talks: false, silentRounds: 0 };
    this.twins.push(twin);
    this.byRow[twin.row] = twin;
    this.byFd[twin.fd] = twin;
    pollerAdd(this.silent, twin.fd);
  }

  removeTwin(row: number): void {
    const twin = this.byRow[row];
    if (twin === undefined) return;
    this.twins.splice(this.twins.indexOf(twin), 1);
    this.byRow[row] = undefined;
    this.byFd[twin.fd] = undefined;
    if (!twin.deleted) this.unwatch(twin);
    if (twin.talks) this.talking.splice(this.talking.indexOf(twin), 1);
    addTapLosses(this.figures, twin.fd);
  }

  /** The figures so far, with what the native layer counts for each open twin. */
  report(): HostIoFigures {
    const total = { ...this.figures };
    for (const { fd } of this.twins) addTapLosses(total, fd);
    return total;
  }

  round(): number {
    let moved = 0;
    for (const ring of this.rings) moved += this.deliver(ring);
    moved += this.injectTalking() + this.injectSilent();
    for (const sender of this.toWorkers) sender.flush();
    return moved;
  }

  private injectTalking(): number {
    const { talking } = this;
    let moved = 0;
    for (let i = talking.length - 1; i >= 0; i--) {
      const twin = talking[i]!;
      const count = this.inject(twin);
      moved += count;
      twin.silentRounds = count > 0 ? 0 : twin.silentRounds + 1;
      if (twin.silentRounds < SILENT_ROUNDS) continue;
      talking[i] = talking[talking.length - 1]!;
      talking.pop();
      if (!twin.deleted) this.unwatch(twin);
      twin.talks = false;
      if (!twin.deleted) pollerAdd(this.silent, twin.fd);
    }
    return moved;
  }

  /** Those that Linux has sent to. */
  private injectSilent(): number {
    const { silent, woken, talking } = this;
    const ready = pollerReady(silent, woken, 0, WOKEN);
    let moved = 0;
    for (let i = 0; i < ready; i++) {
      const twin = this.byFd[woken[i]!];
      if (twin === undefined) continue;
      const count = this.inject(twin);
      moved += count;
      if (count === 0) continue;
      pollerRemove(silent, twin.fd);
      twin.talks = true;
      twin.silentRounds = 0;
      talking.push(twin);
      this.watch.addDescriptor(twin.fd);
    }
    return moved;
  }

  private unwatch({ talks, fd }: Twin): void {
    if (talks) this.watch.removeDescriptor(fd);
    else pollerRemove(this.silent, fd);
  }

  beforeSleep(): number {
    if (this.spare >= 0) this.pool.free(this.spare);
    this.spare = -1;
    this.pool.drain();
    return 0;
  }

  afterSleep(): void {
    // Nothing was given up for the sleep but the cache, which fills by itself.
  }

  private deliver(ring: SpscRing): number {
    const count = ring.popMany(this.batch, 0, BATCH);
    for (let i = 0; i < count; i++) {
      const packet = this.batch[i]! & PACKET_MASK;
      const row = this.pool.rxInterface[packet]!;
      const twin = this.byRow[row];
      this.one[0] = packet;
      if (twin === undefined) this.figures.noTwin++;
      else if (tapWrite(twin.fd, this.one, 0, 1) !== 1) this.figures.refused++;
      this.pool.free(packet);
    }
    return count;
  }

  private inject(twin: Twin): number {
    let offered = this.pool.allocMany(this.batch, 0, BATCH - 1);
    // A large frame for what fits no other: mostly it stays unused, and is offered again.
    if (this.spare < 0) this.spare = this.pool.allocLarge();
    if (this.spare >= 0) this.batch[offered++] = this.spare;
    const read = tapRead(twin.fd, this.batch, 0, offered);
    const count = Math.max(0, read);
    // Its descriptor stays readable for ever: to go on polling it would keep this thread from sleeping.
    if (read === DELETED && !twin.deleted) {
      twin.deleted = true;
      this.unwatch(twin);
    }
    for (let i = 0; i < count; i++) {
      const packet = this.batch[i]!;
      this.pool.rxInterface[packet] = twin.row;
      this.pool.flags[packet] = 0;
      if (!this.toWorkers[twin.worker]!.send(packet, this.injectNode)) {
        this.figures.injectDropped++;
        this.pool.free(packet);
      }
    }
    const { spare } = this;
    this.spare = -1;
    for (let i = count; i < offered; i++) {
      if (this.batch[i] === spare) this.spare = spare;
      else this.pool.free(this.batch[i]!);
    }
    return count;
  }
}

function addTapLosses(figures: HostIoFigures, fd: number): void {
  const out = new Float64Array(Object.keys(TAP_STATISTICS).length);
  tapStatistics(fd, out);
  figures.refused += out[TAP_STATISTICS.refused] ?? 0;
  figures.tooLong += out[TAP_STATISTICS.tooLong] ?? 0;
}

/** What the control side can ask of the host-I/O thread. */
export class HostIoApi {
  private readonly io: HostIo;
  private readonly loop: EventLoop;

  constructor({ shared, injectNode }: HostIoStart) {
    this.io = new HostIo(shared, injectNode);
    this.loop = new EventLoop(this.io, shared.hostEvent);
    this.loop.setRings(this.io.rings);
    this.io.start(this.loop);
    this.loop.start();
  }

  addTwin(twin: { row: number; fd: number; worker: number }): void {
    this.removeTwin(twin.row);
    this.io.addTwin(twin);
    this.loop.wake();
  }

  removeTwin(row: number): void {
    this.io.removeTwin(row);
  }

  figures(): HostIoFigures {
    return this.io.report();
  }

  stop(): void {
    this.loop.stop();
  }
}

onStart<HostIoStart>((start) => new HostIoApi(start));
