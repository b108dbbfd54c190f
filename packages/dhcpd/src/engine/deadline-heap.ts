// A binary heap of things with deadlines: the earliest first.

export class DeadlineHeap<T> {
  readonly #times: number[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#times.length;
  }

  push(atMs: number, value: T): void {
    let at = this.#times.length;
    this.#times.push(atMs);
    this.#values.push(value);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#times[parent]! <= atMs) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The earliest, when its time has come; else null. */
  pop(nowMs: number): T | null {
    if (this.#times.length === 0 || this.#times[0]! > nowMs) return null;
    const value = this.#values[0]!;
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#values.pop();
    this.#sink();
    return value;
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#times.length && this.#times[child]! < this.#times[least]!) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const time = this.#times[a]!;
    const value = this.#values[a]!;
    this.#times[a] = this.#times[b]!;
    this.#values[a] = this.#values[b]!;
    this.#times[b] = time;
    this.#values[b] = value;
  }
}
