// Addresses and prefixes to give: where a client's are follows from who it is, so that it has the same ones again also when
// nobody remembers it, and nobody can guess them by counting (RFC 7707 section 4.1.2).
import { createHash } from 'node:crypto';
import type { Ip6Range } from '@sluice/shared';
import { ADDRESS_BITS, type Resource } from '../wire6/associations.js';

/** Places that are tried by chance; of a pool that is 99 % full, one in 20,000 clients finds none of them free. */
const CHANCES = 1_000;
/** Places that are looked through in order after that; the next client goes on from there. */
const STEPS = 4_096;

export class Pool6 {
  readonly #size: bigint;
  readonly #shift: bigint;
  #cursor = 0n;

  /** @param length Of what is given of the range: 128 for addresses. */
  constructor(
    private readonly range: Ip6Range,
    readonly length: number,
  ) {
    this.#shift = BigInt(ADDRESS_BITS - length);
    this.#size = (range.last - range.first + 1n) >> this.#shift;
  }

  /** How many there are, to be shown. */
  get capacity(): number {
    return Number(this.#size);
  }

  has({ address, length }: Resource): boolean {
    const { first, last } = this.range;
    const aligned = (address >> this.#shift) << this.#shift === address;
    return length === this.length && aligned && address >= first && address <= last;
  }

  /** One that `isFree`; null when none was found. `who` is the client and its association. */
  take(who: string, isFree: (resource: Resource) => boolean): Resource | null {
    const seed = createHash('sha256').update(who).digest();
    let random = seed.readBigUInt64BE(0) | (seed.readBigUInt64BE(8) << 64n);
    const chances = this.#size <= STEPS ? 1 : CHANCES;
    for (let i = 0; i < chances; i++) {
      const resource = this.#at(random % this.#size);
      if (isFree(resource)) return resource;
      random = BigInt.asUintN(128, random * MULTIPLIER + INCREMENT);
    }
    for (let i = 0; i < STEPS && i < this.#size; i++) {
      const resource = this.#at(this.#cursor);
      this.#cursor = (this.#cursor + 1n) % this.#size;
      if (isFree(resource)) return resource;
    }
    return null;
  }

  #at(index: bigint): Resource {
    return { address: this.range.first + (index << this.#shift), length: this.length };
  }
}

/** A linear congruential generator of 128 bits (Knuth 3.2.1.2: full period). */
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const INCREMENT = 0x5851f42d4c957f2d14057b7ef767814fn;
