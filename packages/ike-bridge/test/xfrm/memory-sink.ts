// A data plane in memory, which can be away, refuse, be slow and be restarted.
import type { AssignedAddresses, SaCounters, SaKey, SaSpec } from '@sluice/shared';
import { type SaFigures, type SaSink, SinkUnavailable } from '../../src/xfrm/sink.js';

export const ZERO: SaCounters = {
  packets: 0,
  bytes: 0,
  first_used_at_ms: null,
  last_used_at_ms: null,
  sequence: 0,
  replayed: 0,
  integrity_failed: 0,
};

export class MemorySink implements SaSink {
  readonly sas = new Map<string, { spec: SaSpec; counters: SaCounters }>();
  /** What was done, in order: `install in 192.0.2.1/c0000001`. */
  readonly history: string[] = [];
  /** How many SAs each direction had after each change. */
  readonly populations: { in: number; out: number }[] = [];
  /** What peers have assigned, as it was told last. */
  assigned: AssignedAddresses | null = null;
  available = true;
  refuse: string | null = null;
  /** Awaited before an installation is answered. */
  gate: Promise<void> = Promise.resolve();

  async install(spec: SaSpec): Promise<void> {
    this.#check();
    await this.gate;
    if (this.refuse !== null) throw new Error(this.refuse);
    const counters = this.sas.get(id(spec))?.counters ?? { ...ZERO, sequence: spec.start_sequence ?? 0 };
    this.sas.set(id(spec), { spec, counters });
    this.#note(`install ${spec.direction} ${id(spec)}`);
  }

  async remove(key: SaKey): Promise<SaCounters | null> {
    this.#check();
    const found = this.sas.get(id(key));
    this.sas.delete(id(key));
    if (found !== undefined) this.#note(`remove ${found.spec.direction} ${id(key)}`);
    return found?.counters ?? null;
  }

  async counters(key: SaKey): Promise<SaCounters | null> {
    this.#check();
    return this.sas.get(id(key))?.counters ?? null;
  }

  async poll(): Promise<SaFigures[]> {
    this.#check();
    return [...this.sas.values()].map(({ spec, counters }) => ({ dst: spec.dst, spi: spec.spi, counters }));
  }

  async dump(): Promise<{ spec: SaSpec; counters: SaCounters }[]> {
    this.#check();
    return [...this.sas.values()];
  }

  /** As after a crash: everything is forgotten. */
  restart(): void {
    this.sas.clear();
  }

  count(key: SaKey, counters: Partial<SaCounters>): void {
    const found = this.sas.get(id(key));
    if (found === undefined) throw new Error(`the sink has no SA ${id(key)}`);
    found.counters = { ...found.counters, ...counters };
  }

  specs(direction: 'in' | 'out'): SaSpec[] {
    return [...this.sas.values()].map(({ spec }) => spec).filter((spec) => spec.direction === direction);
  }

  #check(): void {
    if (!this.available) throw new SinkUnavailable('the data plane is away');
  }

  #note(what: string): void {
    this.history.push(what);
    this.populations.push({ in: this.specs('in').length, out: this.specs('out').length });
  }
}

function id(key: SaKey): string {
  return `${key.dst}/${key.spi.toString(16)}`;
}
