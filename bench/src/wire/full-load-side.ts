// A round is what arrives a second while the generator sends as many packets as it can.
import { setTimeout as pause } from 'node:timers/promises';
import type { Round, Side } from '../benchmark.js';
import type { Load } from './traffic.js';
import type { Way } from './way.js';

/** Before the first look: caches, the just-in-time compiler and queues are warm then. */
const WARM_SECONDS = 0.5;
const ROUND_SECONDS = 2;
const QUICK_SECONDS = 0.1;
/** How long the generator goes on after the second look is due. */
const MORE_SECONDS = 0.2;
/** A machine with other work may look too late, when nothing is sent any more: such a round is made again. */
const TRIES = 5;

export class FullLoadSide implements Side {
  readonly name: string;

  constructor(
    private readonly way: Way,
    private readonly load: { length: Load['length']; generatorCore: number; quick: boolean },
  ) {
    this.name = way.name;
  }

  /** Mpps. */
  async round(): Promise<Round> {
    for (let tries = 0; tries < TRIES; tries++) {
      const round = await this.tryRound();
      if (round !== null) return round;
    }
    throw new Error(`${this.name}: the machine is too busy to look at the sink while packets are sent`);
  }

  /** Null when one of the looks was not in the time of sending. */
  private async tryRound(): Promise<Round | null> {
    const { length, generatorCore: core, quick } = this.load;
    const { sink } = this.way.ends;
    const warm = quick ? QUICK_SECONDS : WARM_SECONDS;
    const seconds = quick ? QUICK_SECONDS : ROUND_SECONDS;
    const all = warm + seconds + MORE_SECONDS;
    await this.way.wake();
    const sending = this.way.send({ length, rate: 0, seconds: all, core });
    const looked = (async () => {
      await pause(warm * 1000);
      const first = await sink.look();
      await pause(seconds * 1000);
      return [first, await sink.look()] as const;
    })();
    const [{ sent, seconds: took, started_ns, way }, [first, last]] = await Promise.all([sending, looked]);
    if (first.ns < started_ns || last.ns > started_ns + all * 1e9) return null;
    const value = ((last.packets - first.packets) * 1e3) / (last.ns - first.ns);
    if (value === 0) throw new Error(`${this.name}: nothing of ${sent} packets arrived`);
    return { value, offered: sent / took / 1e6, way };
  }

  async close(): Promise<void> {
    // The way is whose who made it.
  }
}
