// The control thread's side of the rings: hears what workers learnt, and sends frames that it made itself.
import { PACKET_START, PacketPool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import { closeFd, eventClear, pollerAdd, pollerOpen, pollerRemove, Waiter } from '../native/index.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import { PacketSender } from '../workers/packet-rings.js';
import { RECORD_WORDS, type SharedMemory } from '../workers/shared-memory.js';

/** Records taken from one worker at once: a flood of ARP must not keep the control thread. */
const RECORDS = 256;

export interface RecordHandler {
  /** Kind and interface of RECORD_WORDS words at `at`; see RECORD_… in workers/shared-memory.ts. */
  record(kind: number, row: number, words: Int32Array, at: number): void;
}

export class ControlLoop {
  readonly pool: PacketPool;
  private readonly rings: SpscRing[];
  private readonly senders: PacketSender[];
  private readonly poller: number;
  private readonly waiter: Waiter;
  private readonly words = new Int32Array(RECORDS * RECORD_WORDS);
  private closed = false;
  /** Own frames given to workers, and those that found no frame or a full ring. */
  sent = 0;
  unsent = 0;

  constructor(
    private readonly shared: SharedMemory,
    private readonly interfaces: InterfaceTable,
    private readonly handler: RecordHandler,
    private readonly outputNode: number,
  ) {
    this.pool = new PacketPool(shared.pool, shared.frames);
    this.rings = shared.toControl.map((buffer) => new SpscRing(buffer));
    this.senders = shared.fromControl.map((buffer, i) => new PacketSender(buffer, shared.workerEvents[i]!));
    this.poller = pollerOpen();
    pollerAdd(this.poller, shared.controlEvent);
    this.waiter = new Waiter(this.poller, this.hear);
    this.hear();
  }

  /** Sends a frame by an interface: `write` fills it at an offset and returns its length in bytes. */
  send(row: number, write: (bytes: Uint8Array, at: number) => number): void {
    const packet = this.pool.alloc();
    if (packet < 0) {
      this.unsent++;
      return;
    }
    const at = this.pool.base(packet) + PACKET_START;
    this.pool.offset[packet] = at;
    this.pool.length[packet] = write(this.pool.bytes, at);
    this.pool.rxInterface[packet] = row;
    this.pool.txInterface[packet] = row;
    this.pool.flags[packet] = 0;
    const sender = this.senders[this.interfaces.worker[row]!]!;
    if (sender.send(packet, this.outputNode)) {
      sender.flush();
      this.pool.publish(0);
      this.sent++;
    } else {
      this.unsent++;
      this.pool.free(packet);
    }
  }

  close(): void {
    this.closed = true;
    this.waiter.close();
    pollerRemove(this.poller, this.shared.controlEvent);
    closeFd(this.poller);
    this.pool.drain();
  }

  private readonly hear = (): void => {
    if (this.closed) return;
    eventClear(this.shared.controlEvent);
    let more = false;
    for (const ring of this.rings) {
      ring.awake();
      const count = ring.popMany(this.words, 0, this.words.length);
      for (let i = 0; i < count; i += RECORD_WORDS) {
        const head = this.words[i]!;
        this.handler.record(head >>> 16, head & 0xffff, this.words, i);
      }
      if (!ring.prepareSleep()) more = true;
    }
    if (more) setImmediate(this.hear);
    else this.waiter.arm();
  };
}
