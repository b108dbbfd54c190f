// A range of addresses to give: those that nobody ever had first, then those that have been free the longest.
import type { Ip4Range } from '@sluice/shared';

export class Pool {
  /** The next address that may never have been given. */
  #next: number;
  /** Given before and free again, in that order. */
  readonly #returned = new Set<number>();

  constructor(
    readonly range: Ip4Range,
    /** Only for clients of one of these classes; null: for all. */
    readonly classes: ReadonlySet<string> | null,
  ) {
    this.#next = range.first;
  }

  has(address: number): boolean {
    return address >= this.range.first && address <= this.range.last;
  }

  /**
   * An address that `isFree`; null when there is none. It is not given again before `giveBack`.
   * @param isUsed Whether an address has been somebody's: such come later.
   */
  take(isFree: (address: number) => boolean, isUsed: (address: number) => boolean): number | null {
    while (this.#next <= this.range.last) {
      const address = this.#next++;
      if (!isUsed(address) && isFree(address)) return address;
    }
    for (const address of this.#returned) {
      this.#returned.delete(address);
      // One that is not will be given back when it is.
      if (isFree(address)) return address;
    }
    return null;
  }

  /** An address of the range that is free again. */
  giveBack(address: number): void {
    this.#returned.delete(address);
    this.#returned.add(address);
  }
}
