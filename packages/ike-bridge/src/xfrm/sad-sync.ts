// Keeps the data plane's SAs what the SAD says, whichever of the two has been restarted.
import type { SaCounters, SaKey, SaSpec } from '@sluice/shared';
import { keyOf, NO_COUNTERS, nameOf, type SaEntry, totals } from './sa-entry.js';
import { entryOfSpec, specOf } from './sa-spec.js';
import type { Sad } from './sad.js';
import { type SaSink, SinkUnavailable, type XfrmLog } from './sink.js';

/** Tuning: a busy peer takes some 100 ms to hear of a deletion and to send by another SA. */
const LINGER_MS = 2000;

export interface Repairs {
  adopted: number;
  installed: number;
  removed: number;
}

export class SadSync {
  readonly #sad: Sad;
  readonly #sink: SaSink;
  readonly #log: XfrmLog;
  /** True once this process has seen what the data plane has. */
  #known = false;
  /** To be removed from a moment on: at once what was removed while the data plane did not answer. */
  readonly #toRemove = new Map<string, { key: SaKey; fromMs: number }>();
  #running: Promise<Repairs> | null = null;
  /** The last installation asked for of an SA: another one of it waits, so that the data plane ends with the newest. */
  readonly #installing = new WeakMap<SaEntry, Promise<void>>();

  constructor(options: { sad: Sad; sink: SaSink; log: XfrmLog }) {
    this.#sad = options.sad;
    this.#sink = options.sink;
    this.#log = options.log;
  }

  /**
   * Gives an SA of the SAD to the data plane. Resolves also when the data plane is away: the SA is
   * installed later then. Rejects when the data plane refuses it.
   */
  install(entry: SaEntry): Promise<void> {
    const before = this.#installing.get(entry);
    const installed = before === undefined ? this.#install(entry) : before.then(() => this.#install(entry));
    const settled = installed.then(
      () => undefined,
      () => undefined, // the caller has the rejection
    );
    this.#installing.set(entry, settled);
    void settled.then(() => {
      if (this.#installing.get(entry) === settled) this.#installing.delete(entry);
    });
    return installed;
  }

  async #install(entry: SaEntry): Promise<void> {
    this.#toRemove.delete(nameOf(entry));
    const spec = specOf(entry);
    try {
      await this.#sink.install(spec);
    } catch (error) {
      entry.installed = false;
      if (!(error instanceof SinkUnavailable)) throw error;
      this.#log.warn(
        { sa: nameOf(entry), error: error.message },
        'The data plane does not answer; the SA is kept and installed once it does.',
      );
      return;
    }
    entry.installed = true;
    const current = this.#sad.get(entry);
    if (current === undefined) await this.remove(entry);
  }

  /** Takes an SA that has left the SAD out of the data plane; at the latest when that is back. */
  async remove(key: SaKey): Promise<SaCounters | null> {
    try {
      const counters = await this.#sink.remove(keyOf(key));
      this.#toRemove.delete(nameOf(key));
      return counters;
    } catch (error) {
      this.#toRemove.set(nameOf(key), { key: keyOf(key), fromMs: 0 });
      this.#log.warn(
        { sa: nameOf(key), error: (error as Error).message },
        'The data plane did not remove an SA; it is asked again.',
      );
      return null;
    }
  }

  /**
   * The same for an inbound SA whose last packets may be on their way: as soon as it has not been used for LINGER_MS, and
   * at the latest after that time. Returns its counters, as far as they are known.
   */
  async removeLater(key: SaKey, nowMs: number): Promise<SaCounters | null> {
    const name = nameOf(key);
    this.#toRemove.set(name, { key: keyOf(key), fromMs: nowMs + LINGER_MS });
    try {
      const counters = await this.#sink.counters(keyOf(key));
      const idle = nowMs - (counters?.last_used_at_ms ?? nowMs) >= LINGER_MS;
      return idle && this.#sad.get(key) === undefined ? await this.remove(key) : counters;
    } catch (error) {
      const fields = { sa: name, error: (error as Error).message };
      this.#log.debug(fields, 'The data plane gave no counters; the last known ones are used.');
      return null;
    }
  }

  /** Notes what the data plane counted. */
  observe(key: SaKey, counters: SaCounters): void {
    const entry = this.#sad.get(key);
    if (entry === undefined || !entry.installed) return;
    entry.counters = counters;
  }

  /** What an SA list of the data plane has too many or too few, by name; empty when both sides agree. */
  difference(present: readonly SaKey[]): string[] {
    const names = new Set(present.map(nameOf));
    const missing = this.#sad.all().filter((entry) => entry.installed && !names.has(nameOf(entry)));
    const extra = present.filter(
      (key) => this.#sad.get(key) === undefined && !this.#toRemove.has(nameOf(key)),
    );
    return [...missing, ...extra].map(nameOf);
  }

  /**
   * Compares both sides and repairs the data plane's: called when it has (re)appeared and every now and
   * then. The first time, what it has and nobody here removed is adopted, because a former instance of
   * this process installed it. Rejects when the data plane cannot be asked.
   */
  sync(nowMs: number): Promise<Repairs> {
    this.#running ??= this.#sync(nowMs).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Installs and removes what could not be before, or was not to be. Cheap when there is nothing. */
  async retry(nowMs: number): Promise<void> {
    for (const { key, fromMs } of [...this.#toRemove.values()]) {
      if (fromMs > nowMs) continue;
      if (this.#sad.get(key) === undefined) await this.remove(key);
      else this.#toRemove.delete(nameOf(key));
    }
    for (const entry of this.#sad.all()) if (!entry.installed) await this.#tryInstall(entry);
  }

  async #sync(nowMs: number): Promise<Repairs> {
    const before = this.#sad.all().filter((entry) => entry.installed);
    const dumped = await this.#sink.dump();
    const repairs: Repairs = { adopted: 0, installed: 0, removed: 0 };
    const present = new Set(dumped.map(({ spec }) => nameOf(spec)));
    for (const { spec, counters } of dumped) await this.#compare(spec, counters, repairs, nowMs);
    this.#known = true;
    for (const entry of before) {
      if (present.has(nameOf(entry)) || this.#sad.get(entry) !== entry) continue;
      this.#beginAgain(entry);
      if (await this.#tryInstall(entry)) repairs.installed++;
    }
    await this.retry(nowMs);
    return repairs;
  }

  async #compare(spec: SaSpec, counters: SaCounters, repairs: Repairs, nowMs: number): Promise<void> {
    const entry = this.#sad.get(spec);
    if (entry !== undefined) {
      // Also after a crash between the data plane's installing it and its answer arriving here.
      if (entry.installed) this.observe(spec, counters);
      return;
    }
    if ((this.#toRemove.get(nameOf(spec))?.fromMs ?? 0) > nowMs) return;
    if (this.#known || this.#toRemove.has(nameOf(spec))) {
      // One that has gone meanwhile by itself needed no repair.
      if ((await this.remove(spec)) !== null) repairs.removed++;
      return;
    }
    this.#sad.add(entryOfSpec(spec, counters));
    repairs.adopted++;
  }

  /**
   * For an SA that the data plane lost. Its sequence numbers never go back behind what is known here; the
   * data plane, which alone knows them all, keeps a journal of its own.
   */
  #beginAgain(entry: SaEntry): void {
    const used = totals(entry);
    entry.base = {
      packets: used.packets,
      bytes: used.bytes,
      firstUsedAtMs: used.first_used_at_ms,
      lastUsedAtMs: used.last_used_at_ms,
    };
    entry.counters = NO_COUNTERS;
    entry.startSequence = used.sequence;
    entry.installed = false;
  }

  async #tryInstall(entry: SaEntry): Promise<boolean> {
    try {
      await this.#sink.install(specOf(entry));
    } catch (error) {
      const fields = { sa: nameOf(entry), error: (error as Error).message };
      this.#log.debug(fields, 'An SA is not installed yet.');
      return false;
    }
    if (this.#sad.get(entry) !== entry) {
      await this.remove(entry);
      return false;
    }
    entry.installed = true;
    return true;
  }
}
