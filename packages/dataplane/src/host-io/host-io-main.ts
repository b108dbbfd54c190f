// The host-I/O thread: moves packets between the workers' rings and the twins on Linux, so that system
// calls on TAPs cost forwarding no time.
import { PacketPool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import { TAP_STATISTICS, tapRead, tapStatistics, tapWrite } from '../native/index.js';
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
  /** Rounds without a packet since the last one; those that are not silent are read in each round. */
  silentRounds: number;
}

const BATCH = 64;
/** Twins that are looked at in a round, beside those that Linux sends to: a hub has thousands, most of them silent. */
const LOOKED_AT = 64;
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
  private readonly talking: Twin[] = [];
  private nextSilent = 0;
  private readonly batch = new Int32Array(BATCH);
  private readonly one = new Int32Array(1);
  /** A large frame that no packet has needed yet; -1 for none. */
  private spare = -1;
  /** Called once with the descriptor of a twin that was removed from Linux. */
  onDeleted: (fd: number) => void = () => undefined;

  constructor(
    shared: SharedMemory,
    private readonly injectNode: number,
  ) {
    this.pool = new PacketPool(shared.pool, shared.frames);
    this.rings = shared.punt.map((buffer) => new SpscRing(buffer));
    this.toWorkers = shared.inject.map((buffer, i) => new PacketSender(buffer, shared.workerEvents[i]!));
  }

  addTwin(twin: Twin): void {
    this.twins.push(twin);
    this.byRow[twin.row] = twin;
  }

  removeTwin(row: number): Twin | undefined {
    const index = this.twins.findIndex((twin) => twin.row === row);
    if (index < 0) return undefined;
    const [twin] = this.twins.splice(index, 1);
    this.byRow[row] = undefined;
    const talks = this.talking.findIndex((other) => other.row === row);
    if (talks >= 0) this.talking.splice(talks, 1);
    if (twin !== undefined) addTapLosses(this.figures, twin.fd);
    return twin;
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
    }
    return moved;
  }

  /** Some of them in each round: what waits in another keeps this thread from sleeping until it is its turn. */
  private injectSilent(): number {
    const { twins } = this;
    let moved = 0;
    for (let i = Math.min(LOOKED_AT, twins.length); i > 0; i--) {
      if (this.nextSilent >= twins.length) this.nextSilent = 0;
      const twin = twins[this.nextSilent++]!;
      if (twin.silentRounds < SILENT_ROUNDS) continue;
      const count = this.inject(twin);
      moved += count;
      if (count === 0) continue;
      twin.silentRounds = 0;
      this.talking.push(twin);
    }
    return moved;
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
      this.onDeleted(twin.fd);
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
    this.io.onDeleted = (fd) => this.loop.removeDescriptor(fd);
    this.loop.start();
  }

  addTwin(twin: { row: number; fd: number; worker: number }): void {
    this.removeTwin(twin.row);
    this.io.addTwin({ ...twin, deleted: false, silentRounds: SILENT_ROUNDS });
    this.loop.addDescriptor(twin.fd);
    this.loop.wake();
  }

  removeTwin(row: number): void {
    const twin = this.io.removeTwin(row);
    if (twin !== undefined && !twin.deleted) this.loop.removeDescriptor(twin.fd);
  }

  figures(): HostIoFigures {
    return this.io.report();
  }

  stop(): void {
    this.loop.stop();
  }
}

onStart<HostIoStart>((start) => new HostIoApi(start));
