// Values by prefix, of both families: exact match, and the longest prefix that holds an address.
import { ip4Mask } from './ip4.js';
import { type Ip6Words, networkOf6 } from './ip6.js';

/** An unsigned 32-bit IPv4 address, or the four unsigned words of an IPv6 one. */
type Address = number | Ip6Words;

export class PrefixMap<T> {
  private readonly values = new Map<number | string, T>();
  /** Per family: how many prefixes there are of each length. */
  private readonly lengths4 = new Uint32Array(33);
  private readonly lengths6 = new Uint32Array(129);

  get size(): number {
    return this.values.size;
  }

  /** The value of exactly this prefix; host bits are ignored, here and below. */
  get(address: Address, length: number): T | undefined {
    return this.values.get(keyOf(address, length));
  }

  set(address: Address, length: number, value: T): void {
    const key = keyOf(address, length);
    if (!this.values.has(key)) this.lengthsOf(address)[length]!++;
    this.values.set(key, value);
  }

  delete(address: Address, length: number): boolean {
    const deleted = this.values.delete(keyOf(address, length));
    if (deleted) this.lengthsOf(address)[length]!--;
    return deleted;
  }

  /** The value of the longest prefix that holds an address, among those that `accept` takes. */
  longest(address: Address, accept: (value: T, length: number) => boolean = () => true): T | undefined {
    const lengths = this.lengthsOf(address);
    for (let length = lengths.length - 1; length >= 0; length--) {
      if (lengths[length] === 0) continue;
      const value = this.values.get(keyOf(address, length));
      if (value !== undefined && accept(value, length)) return value;
    }
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values.values();
  }

  private lengthsOf(address: Address): Uint32Array {
    return typeof address === 'number' ? this.lengths4 : this.lengths6;
  }
}

function keyOf(address: Address, length: number): number | string {
  if (typeof address === 'number') return ((address & ip4Mask(length)) >>> 0) * 64 + length;
  return `${networkOf6({ address, length }).join(':')}/${length}`;
}
