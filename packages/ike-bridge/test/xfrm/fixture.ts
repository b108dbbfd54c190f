// XFRM over a data plane in memory, with a clock, a log and a listener that the test owns.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROUP } from '../../src/xfrm/constants.js';
import { xfrmUserExpire } from '../../src/xfrm/event-structs.js';
import type { Message } from '../../src/xfrm/netlink.js';
import { Xfrm } from '../../src/xfrm/xfrm.js';
import { type MemoryLog, memoryLog } from './log.js';
import { MemorySink } from './memory-sink.js';
import { allocate, errnoOf, NOW, spiIn } from './requests.js';

export class Fixture {
  readonly sink = new MemorySink();
  readonly log: MemoryLog = memoryLog();
  readonly events: { groups: number; message: Message }[] = [];
  /** Milliseconds since 1970, as XFRM sees them. */
  now = NOW;
  /** Whether charon is there to hear of events. */
  listening = true;
  xfrm: Xfrm;

  private constructor(readonly dir: string) {
    this.xfrm = this.begin();
  }

  static async make(): Promise<Fixture> {
    return new Fixture(await mkdtemp(join(tmpdir(), 'sluice-spd-')));
  }

  /** XFRM as a new process would have it. */
  begin(): Xfrm {
    const fresh = new Xfrm({
      sink: this.sink,
      log: this.log,
      spdPath: join(this.dir, 'spd.json'),
      now: () => this.now,
    });
    fresh.onMulticast((groups, message) => {
      if (this.listening) this.events.push({ groups, message });
      return this.listening;
    });
    this.xfrm = fresh;
    return fresh;
  }

  async end(): Promise<void> {
    await this.xfrm.flush();
    await rm(this.dir, { recursive: true, force: true });
  }

  errno(message: Message): Promise<number> {
    return errnoOf(this.xfrm, message);
  }

  async allocated(): Promise<number> {
    return spiIn((await this.xfrm.handle(allocate()))[0]);
  }

  /** The EXPIREs so far: true is hard. */
  expiries(): boolean[] {
    return this.events
      .filter(({ groups }) => groups === GROUP.EXPIRE)
      .map(({ message }) => xfrmUserExpire.read(message.payload, 0).hard === 1);
  }
}
