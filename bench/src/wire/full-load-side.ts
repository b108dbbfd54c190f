// A round is what arrives a second while the generator sends as many packets as it can.
import { setTimeout as pause } from 'node:timers/promises';
import type { Round, Side } from '../benchmark.js';
import type { Load } from './traffic.js';
import type { Way } from './way.js';

/** Before the first look: caches, the just-in-time compiler and queues are warm then. */
const WARM_SECONDS = 0.5;
const ROUND_SECONDS = 2;
const QUICK_SECONDS = 0.1;

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
    const { length, generatorCore: core, quick } = this.load;
    const { sink } = this.way.ends;
    const warm = quick ? QUICK_SECONDS : WARM_SECONDS;
    const seconds = quick ? QUICK_SECONDS : ROUND_SECONDS;
    await this.way.wake();
    const sending = this.way.send({ length, rate: 0, seconds: warm + seconds + 0.2, core });
    const looked = (async () => {
      await pause(warm * 1000);
      const first = await sink.look();
      await pause(seconds * 1000);
      return [first, await sink.look()] as const;
    })();
    const [{ sent, seconds: took, way }, [first, last]] = await Promise.all([sending, looked]);
    const value = ((last.packets - first.packets) * 1e3) / (last.ns - first.ns);
    if (value === 0) throw new Error(`${this.name}: nothing of ${sent} packets arrived`);
    return { value, offered: sent / took / 1e6, way };
  }

  async close(): Promise<void> {
    // The way is whose who made it.
  }
}
