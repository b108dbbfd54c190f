// The loop of a packet thread: busy while there is work, asleep in the event loop's own poll when not.
//
// While busy, the event loop gets a turn every BUSY_TURNS rounds, for control calls. When a number of
// rounds in a row found nothing, the thread announces its sleep on every ring that it consumes, and waits
// for one of its descriptors: ports, and an eventfd that producers signal.
//
// Descriptors are in the poller while the thread sleeps, and until it is busy: the kernel wakes whoever watches a socket
// for each packet that it has sent, which took 7% of a busy worker's time.
import type { SpscRing } from '../memory/spsc-ring.js';
import { closeFd, eventClear, pollerAdd, pollerOpen, pollerRemove, Waiter } from '../native/index.js';

const BUSY_TURNS = 64;
/** Tuning: a sleep and a wake-up cost some 10 µs, an empty round under 1 µs. */
const IDLE_TURNS = 8;
/**
 * Of a forwarding worker: some 50 µs, in which the next packets of a TCP connection come that is waiting for its own
 * acknowledgements. Tuning: one connection over veth carried 1.18, 1.73 Gbit/s with 8, 64.
 */
export const FORWARDING_IDLE_TURNS = 64;

/** Rounds with packets since a sleep after which descriptors leave the poller. To come back costs each some 1 µs. */
const UNWATCHED_ROUNDS = 16;

export interface LoopWork {
  /** One round: returns how many packets it moved. */
  round(): number;
  /** Called before sleeping; milliseconds until the next round is due at the latest, 0 for none. */
  beforeSleep(): number;
  afterSleep(): void;
}

export class EventLoop {
  private readonly poller: number;
  private readonly waiter: Waiter;
  private rings: SpscRing[] = [];
  private readonly descriptors: number[] = [];
  /** Whether they are in the poller. */
  private watching = true;
  /** Rounds with packets since the last sleep. */
  private busy = 0;
  private timer: NodeJS.Timeout | null = null;
  private immediate: NodeJS.Immediate | null = null;
  private asleep = false;
  private idle = 0;
  private stopped = false;
  sleeps = 0;

  constructor(
    private readonly work: LoopWork,
    private readonly event: number,
    /** Rounds in a row without a packet after which it sleeps. */
    private readonly idleTurns = IDLE_TURNS,
  ) {
    this.poller = pollerOpen();
    pollerAdd(this.poller, event);
    this.waiter = new Waiter(this.poller, () => this.wake());
  }

  /** Rings that this thread consumes; their producers signal `event` when needsWake() says so. */
  setRings(rings: SpscRing[]): void {
    this.rings = rings;
  }

  addDescriptor(fd: number): void {
    if (this.watching) pollerAdd(this.poller, fd);
    this.descriptors.push(fd);
  }

  removeDescriptor(fd: number): void {
    const index = this.descriptors.indexOf(fd);
    if (index < 0) return;
    this.descriptors.splice(index, 1);
    if (this.watching) pollerRemove(this.poller, fd);
  }

  start(): void {
    this.immediate = setImmediate(this.turn);
  }

  stop(): void {
    this.stopped = true;
    if (this.immediate !== null) clearImmediate(this.immediate);
    if (this.timer !== null) clearTimeout(this.timer);
    this.waiter.close();
    closeFd(this.poller);
  }

  /** Ends a sleep from within the thread, after something changed that rounds depend on. */
  wake(): void {
    if (!this.asleep || this.stopped) return;
    this.asleep = false;
    this.waiter.disarm();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    eventClear(this.event);
    for (let i = 0; i < this.rings.length; i++) this.rings[i]!.awake();
    this.work.afterSleep();
    this.turn();
  }

  private readonly turn = (): void => {
    if (this.stopped) return;
    let { idle } = this;
    for (let i = 0; i < BUSY_TURNS && idle < this.idleTurns; i++) {
      if (this.work.round() === 0) {
        idle++;
      } else {
        idle = 0;
        if (++this.busy === UNWATCHED_ROUNDS) this.watch(false);
      }
    }
    // Counted on over turns; after a sleep, or one that could not be, from the start.
    this.idle = idle < this.idleTurns ? idle : 0;
    if (idle >= this.idleTurns && this.sleep()) return;
    this.immediate = setImmediate(this.turn);
  };

  private watch(on: boolean): void {
    if (on === this.watching) return;
    this.watching = on;
    const change = on ? pollerAdd : pollerRemove;
    for (let i = 0; i < this.descriptors.length; i++) change(this.poller, this.descriptors[i]!);
  }

  private sleep(): boolean {
    const { rings } = this;
    for (let i = 0; i < rings.length; i++) {
      if (rings[i]!.prepareSleep()) continue;
      for (let k = 0; k < i; k++) rings[k]!.awake();
      return false;
    }
    // What arrived meanwhile makes the poller readable at once.
    this.watch(true);
    this.busy = 0;
    const due = this.work.beforeSleep();
    this.asleep = true;
    this.sleeps++;
    this.waiter.arm();
    if (due > 0) this.timer = setTimeout(() => this.wake(), due);
    return true;
  }
}
