// The security association database (RFC 4301 section 4.4.2), keyed by destination, protocol and SPI.
// ESP is the only protocol, so the key leaves it out.
import { ByInterface } from './by-interface.js';
import { wipeCrypto } from './sa-crypto.js';
import type { SaEntry } from './sa-entry.js';

type Named = { dst: string; spi: number };

export class Sad {
  readonly #entries = new Map<string, SaEntry>();
  readonly #byInterface = new ByInterface<SaEntry>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: Named): SaEntry | undefined {
    return this.#entries.get(id(key));
  }

  add(entry: SaEntry): void {
    const before = this.#entries.get(id(entry));
    if (before !== undefined) this.#byInterface.delete(before);
    this.#entries.set(id(entry), entry);
    this.#byInterface.add(entry);
  }

  /** Takes the SA out; its keys are zeroed. Undefined when there is no such SA. */
  remove(key: Named): SaEntry | undefined {
    const entry = this.#entries.get(id(key));
    if (entry === undefined) return undefined;
    this.#entries.delete(id(key));
    this.#byInterface.delete(entry);
    wipeCrypto(entry.crypto);
    return entry;
  }

  /** A copy, so that the caller may add and remove while it goes through it. */
  all(): SaEntry[] {
    return [...this.#entries.values()];
  }

  /** Those of an interface id, as all(). */
  ofInterface(ifId: number): SaEntry[] {
    return this.#byInterface.of(ifId);
  }
}

function id(key: Named): string {
  return `${key.dst}/${key.spi}`;
}
