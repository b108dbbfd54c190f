// A port with what waits to be sent by it, on the worker that owns it.
import type { Port } from '../drivers/port.js';
import type { Outlet } from '../graph/context.js';
import type { PacketPool } from '../memory/packet-pool.js';

/** Packets that may wait when the device's own ring is full. */
const WAITING_MAX = 4096;

/** Errors of a device that is only busy (errno(3)): EAGAIN, EBUSY, ENOBUFS. */
const BUSY = new Set([-11, -16, -105]);

export class PortQueue implements Outlet {
  readonly waiting = new Int32Array(WAITING_MAX);
  length = 0;
  private busy = false;
  /** Packets given up because the device cannot send. */
  failed = 0;
  /** Packets in large frames, which ports do not send, for which the pool had no usual one. */
  noFrame = 0;

  constructor(
    readonly row: number,
    readonly port: Port,
    private readonly pool: PacketPool,
  ) {}

  get full(): boolean {
    return this.length === WAITING_MAX;
  }

  /** False when no more may wait. */
  add(packet: number): boolean {
    if (this.full) return false;
    this.waiting[this.length++] = packet;
    return true;
  }

  /** Sends what the device takes; returns the packets sent and given up. */
  flush(): number {
    const { length } = this;
    let taken = 0;
    if (length > 0) taken = this.port.send(this.waiting, 0, length);
    if (taken < 0) taken = this.skipFirst();
    const result = this.port.flush();
    this.busy = BUSY.has(result);
    if (taken < length) {
      this.waiting.copyWithin(0, taken, length);
      this.length = length - taken;
      // A device that is down or gone takes nothing: keeping its packets would only hold frames.
      if (result < 0 && !BUSY.has(result)) return taken + this.giveUp();
    } else {
      this.length = 0;
    }
    return taken;
  }

  /** True when another turn is due though nothing will signal it: packets wait, or the port waits for frames. */
  get unfinished(): boolean {
    return this.length > 0 || this.busy || this.port.starved;
  }

  close(): void {
    this.giveUp();
    this.port.close();
  }

  private skipFirst(): number {
    this.pool.free(this.waiting[0]!);
    this.failed++;
    return 1;
  }

  private giveUp(): number {
    const count = this.length;
    this.pool.freeMany(this.waiting, 0, count);
    this.failed += count;
    this.length = 0;
    return count;
  }
}
