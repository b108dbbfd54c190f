// Rows of a table that are free, in the order in which they became it: a row is used again as late as possible.

/** A queue in a ring: taking from a long array's front would move all the others. */
export class FreeRows {
  private readonly ring: Int32Array;
  private first = 0;
  private count: number;

  /** Rows 1 to `rows` - 1; row 0 is nobody's. */
  constructor(rows: number) {
    this.ring = Int32Array.from({ length: rows - 1 }, (_, i) => i + 1);
    this.count = rows - 1;
  }

  /** The row that take() gives next; undefined when all are in use. */
  peek(): number | undefined {
    return this.count === 0 ? undefined : this.ring[this.first];
  }

  take(): number | undefined {
    const row = this.peek();
    if (row === undefined) return undefined;
    this.first = (this.first + 1) % this.ring.length;
    this.count--;
    return row;
  }

  /** A row that was taken. */
  giveBack(row: number): void {
    if (this.count === this.ring.length) throw new RangeError(`row ${row} was given back twice`);
    this.ring[(this.first + this.count) % this.ring.length] = row;
    this.count++;
  }
}
