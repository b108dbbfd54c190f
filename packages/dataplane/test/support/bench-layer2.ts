// VLAN sub-interfaces, bridges and loopbacks of a bench: the words that the control side would write.
import { BridgeMacs } from '../../src/control/bridge-macs.js';
import { setMembers } from '../../src/control/bridge-members.js';
import type { EpochControl } from '../../src/memory/epoch.js';
import { HashU32Writer } from '../../src/tables/hash-u32.js';
import type { InterfaceTable } from '../../src/tables/interfaces.js';
import { tagsOf } from '../../src/tables/vlans.js';
import type { SharedMemory } from '../../src/workers/shared-memory.js';
import type { BenchInterface } from './bench-tables.js';
import { mac, viewOf } from './packets.js';

export interface BenchVlan extends BenchInterface {
  parent: string;
  vlan: number;
  inner?: number;
  /** The outer tag is an S-TAG. */
  qinq?: boolean;
}

export interface BenchBridge extends BenchInterface {
  members: string[];
}

export interface BenchLayer2 {
  vlans?: BenchVlan[];
  bridges?: BenchBridge[];
  loopbacks?: BenchInterface[];
}

export class BenchControl2 {
  readonly macs: BridgeMacs;
  private readonly vlans: HashU32Writer;

  constructor(
    shared: SharedMemory,
    epoch: EpochControl,
    private readonly interfaces: InterfaceTable,
    private readonly row: (name: string) => number,
  ) {
    this.vlans = new HashU32Writer(shared.vlans, epoch);
    this.macs = new BridgeMacs(shared.macs, epoch);
  }

  /** Ties the rows together, once all of them are there. */
  connect({ vlans = [], bridges = [] }: BenchLayer2): void {
    for (const vlan of vlans) this.tag(this.row(vlan.name), vlan);
    for (const bridge of bridges) this.join(this.row(bridge.name), bridge.members);
  }

  private tag(row: number, vlan: BenchVlan): void {
    const parent = this.row(vlan.parent);
    const tags = tagsOf(vlan.vlan, vlan.inner ?? 0, vlan.qinq ?? false);
    this.interfaces.parent[row] = parent;
    this.interfaces.tags[row] = tags;
    this.vlans.set(tags, row, parent);
  }

  private join(row: number, members: readonly string[]): void {
    setMembers(
      this.interfaces,
      row,
      members.map((name) => this.row(name)),
    );
    this.macs.configure(row, { ageingMs: 300_000, macs: 1_000 });
  }

  /** A station is behind a member of a bridge, as if it had been heard. */
  learn(bridge: string, member: string, address: string): void {
    const view = viewOf(mac(address));
    this.macs.heard(this.row(bridge), this.row(member), view.getUint16(0, true), view.getInt32(2, true), 0);
  }
}
