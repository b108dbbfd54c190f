// Interfaces by name, by row and in the order of their rows, and whose an address is: each found without a search,
// because workers' records ask for them one by one.
import { type Address, addressKey } from './address.js';
import type { Interface } from './interface.js';

export class InterfaceIndex {
  private readonly byName = new Map<string, Interface>();
  private readonly byRow: (Interface | undefined)[] = [];
  /** By row; null when it is to be made anew. */
  private sorted: readonly Interface[] | null = null;
  /** How many interfaces of a VRF have an address. */
  private readonly owners = new Map<string, number>();

  get(name: string): Interface | undefined {
    return this.byName.get(name);
  }

  ofRow(row: number): Interface | undefined {
    return this.byRow[row];
  }

  /** In the order of their rows; what comes or goes later is not in it. */
  list(): readonly Interface[] {
    this.sorted ??= this.byRow.filter((entry) => entry !== undefined);
    return this.sorted;
  }

  add(entry: Interface): void {
    this.byName.set(entry.name, entry);
    this.byRow[entry.row] = entry;
    this.sorted = null;
  }

  delete(entry: Interface): void {
    this.byName.delete(entry.name);
    this.byRow[entry.row] = undefined;
    this.sorted = null;
  }

  /** True when an interface of a VRF has this address. */
  isOwn(vrf: number, address: Address): boolean {
    return this.owners.has(ownerKey(vrf, address));
  }

  /** An interface of a VRF has these addresses in the place of those. */
  readdress(vrf: number, before: readonly Address[], after: readonly Address[]): void {
    for (const address of after) {
      const key = ownerKey(vrf, address);
      this.owners.set(key, (this.owners.get(key) ?? 0) + 1);
    }
    for (const address of before) {
      const key = ownerKey(vrf, address);
      const left = (this.owners.get(key) ?? 0) - 1;
      if (left > 0) this.owners.set(key, left);
      else this.owners.delete(key);
    }
  }
}

function ownerKey(vrf: number, address: Address): string {
  return `${vrf} ${addressKey(address)}`;
}
