// Which optional nodes of which arc are on for which interface: the masks that workers read.
import { type ArcName, FEATURE_BITS } from '../graph/arcs.js';
import type { AdjacencyTable } from '../tables/adjacencies.js';
import type { InterfaceTable } from '../tables/interfaces.js';

type Masks = Record<ArcName, number>;

const OFF: Masks = { 'ip4-unicast': 0, 'ip4-output': 0, 'ip6-unicast': 0, 'ip6-output': 0 };

export class Features {
  private readonly rows = new Map<number, Masks>();

  constructor(
    private readonly table: InterfaceTable,
    private readonly adjacencies: AdjacencyTable,
  ) {}

  /** Switches the feature with `bit` on an arc of one interface; the other features stay as they are. */
  switch(row: number, arc: ArcName, bit: number, on: boolean): void {
    if (!Number.isInteger(bit) || bit < 0 || bit >= FEATURE_BITS) {
      throw new RangeError(`a feature's bit is from 0 to ${FEATURE_BITS - 1}: ${bit}`);
    }
    const masks = this.rows.get(row) ?? { ...OFF };
    const mask = on ? masks[arc] | (1 << bit) : masks[arc] & ~(1 << bit);
    if (mask === masks[arc]) return;
    masks[arc] = mask;
    this.rows.set(row, masks);
    this.write(row, masks);
  }

  isOn(row: number, arc: ArcName, bit: number): boolean {
    return (((this.rows.get(row)?.[arc] ?? 0) >>> bit) & 1) === 1;
  }

  /** Switches everything off on an interface that goes away: its row will be another's. */
  forget(row: number): void {
    if (this.rows.delete(row)) this.write(row, OFF);
  }

  private write(row: number, masks: Masks): void {
    Atomics.store(this.table.features4, row, masks['ip4-unicast']);
    Atomics.store(this.table.features6, row, masks['ip6-unicast']);
    this.adjacencies.setFeatures(row, masks['ip4-output'], masks['ip6-output']);
  }
}
