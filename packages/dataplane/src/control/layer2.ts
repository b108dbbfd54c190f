// VLAN sub-interfaces, bridges and loopbacks of the control side: rows, tags, members, and whose state follows whose.
import type { BridgeSection, DataplaneState, LoopbackSection, VlanSection } from '@sluice/shared';
import { isServiceTagged } from '@sluice/shared';
import type { HashU32Writer } from '../tables/hash-u32.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import { tagsOf } from '../tables/vlans.js';
import type { BridgeMacs } from './bridge-macs.js';
import { membersOf, removeMember, setMembers } from './bridge-members.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';

/** Of a loopback: what its TUN takes in one piece. */
const LOOPBACK_MTU = 1500;

/** What this needs of the rest of the control side. */
export interface Layer2Port {
  vrfId(name: string): number;
  /** Brings an interface's addresses, MTU and state to what they should be. */
  update(entry: Interface, addresses: readonly string[], mtu: number, enabled: boolean): void;
}

/** What of an interface only this knows. */
export interface Layer2Details {
  parent: string | null;
  vlan: number | null;
  inner_vlan: number | null;
  /** The bridge whose member it is. */
  bridge: string | null;
  /** Of a bridge: its members that are there. */
  members: string[] | null;
}

interface Vlan {
  section: VlanSection;
  parentRow: number;
  tags: number;
}

export class Layer2 {
  private readonly vlans = new Map<number, Vlan>();
  /** By row: whose MAC address a bridge has. */
  private readonly bridges = new Map<number, { macOf: string }>();

  constructor(
    private readonly interfaces: Interfaces,
    private readonly table: InterfaceTable,
    private readonly tags: HashU32Writer,
    readonly macs: BridgeMacs,
  ) {
    interfaces.onLink((entry) => this.follow(entry));
  }

  /** False for one that is gone from the state, or must be made anew. `isWanted` says it of what it lies on. */
  isWanted(entry: Interface, state: DataplaneState, isWanted: (entry: Interface) => boolean): boolean {
    const same = ({ name, vrf }: { name: string; vrf: string }): boolean =>
      name === entry.name && vrf === entry.vrfName;
    if (entry.kind === 'loopback') return state.loopbacks.some(same);
    if (entry.kind === 'bridge') {
      const macOf = this.bridges.get(entry.row)?.macOf ?? '';
      return state.bridges.some((section) => same(section) && section.members.includes(macOf));
    }
    const vlan = this.vlans.get(entry.row);
    const section = state.vlans.find(same);
    const parent = this.interfaces.get(section?.parent ?? '');
    return (
      section !== undefined &&
      parent !== undefined &&
      parent.row === vlan?.parentRow &&
      tagsOfSection(section) === vlan.tags &&
      isWanted(parent)
    );
  }

  /** Lets go of members that are none any more, before anything is made of them. */
  prune(state: DataplaneState): void {
    for (const row of this.bridges.keys()) {
      const bridge = this.interfaces.ofRow(row);
      const wanted = state.bridges.find((section) => section.name === bridge?.name)?.members ?? [];
      const stay = membersOf(this.table, row).filter((member) =>
        wanted.includes(this.interfaces.ofRow(member)?.name ?? ''),
      );
      for (const gone of setMembers(this.table, row, stay)) this.macs.forgetMember(gone);
    }
  }

  /** Every section in an order in which each finds what it lies on. Calls `note` for each, which catches what is thrown. */
  async ensure(
    state: DataplaneState,
    port: Layer2Port,
    note: (what: string, step: () => void) => Promise<void>,
  ): Promise<void> {
    const bridges = new Set(state.bridges.map((section) => section.name));
    const onBridges = state.vlans.filter((section) => bridges.has(section.parent));
    for (const section of state.vlans) {
      if (!onBridges.includes(section)) await note(section.name, () => this.ensureVlan(section, port));
    }
    for (const section of state.bridges) await note(section.name, () => this.ensureBridge(section, port));
    for (const section of onBridges) await note(section.name, () => this.ensureVlan(section, port));
    for (const section of state.loopbacks) {
      await note(section.name, () => this.ensureLoopback(section, port));
    }
  }

  /** Before an interface is removed: nothing leads to its row any more. */
  forget(entry: Interface): void {
    const vlan = this.vlans.get(entry.row);
    if (vlan !== undefined) this.tags.delete(vlan.tags, vlan.parentRow);
    this.vlans.delete(entry.row);
    if (this.bridges.delete(entry.row)) {
      setMembers(this.table, entry.row, []);
      this.macs.removeBridge(entry.row);
    }
    this.leave(entry.row);
  }

  isMember(entry: Interface): boolean {
    return this.table.bridge[entry.row] !== 0;
  }

  details(entry: Interface): Layer2Details {
    const vlan = this.vlans.get(entry.row)?.section;
    const bridge = this.interfaces.ofRow(this.table.bridge[entry.row]!);
    return {
      parent: vlan?.parent ?? null,
      vlan: vlan?.vlan ?? null,
      inner_vlan: vlan?.inner_vlan ?? null,
      bridge: bridge?.name ?? null,
      members:
        entry.kind === 'bridge'
          ? membersOf(this.table, entry.row).map((row) => this.interfaces.ofRow(row)?.name ?? '?')
          : null,
    };
  }

  /** A worker heard a MAC address behind a member. */
  heard(member: number, mac0: number, mac2: number, now: number): void {
    const bridge = this.table.bridge[member]!;
    if (bridge !== 0) this.macs.heard(bridge, member, mac0, mac2, now);
  }

  private ensureVlan(section: VlanSection, port: Layer2Port): void {
    const parent = this.interfaces.get(section.parent);
    if (parent === undefined) throw new Error(`waits for ${section.parent}`);
    const mtu = Math.min(section.mtu ?? parent.mtu, parent.mtu);
    const entry = this.interfaces.get(section.name) ?? this.addVlan(section, parent, mtu, port);
    this.vlans.get(entry.row)!.section = section;
    this.interfaces.setRunning(entry, this.interfaces.isUp(parent.row));
    port.update(entry, section.addresses, mtu, section.enabled);
  }

  private addVlan(section: VlanSection, parent: Interface, mtu: number, port: Layer2Port): Interface {
    const entry = this.interfaces.addVirtual({
      name: section.name,
      kind: 'vlan',
      vrf: port.vrfId(section.vrf),
      vrfName: section.vrf,
      mtu,
      worker: parent.worker,
      macOctets: parent.macOctets,
    });
    const tags = tagsOfSection(section);
    this.table.parent[entry.row] = parent.row;
    this.table.tags[entry.row] = tags;
    this.tags.set(tags, entry.row, parent.row);
    this.vlans.set(entry.row, { section, parentRow: parent.row, tags });
    return entry;
  }

  private ensureBridge(section: BridgeSection, port: Layer2Port): void {
    const members = section.members
      .map((name) => this.interfaces.get(name))
      .filter((entry) => entry !== undefined);
    const [first] = members;
    const known = this.interfaces.get(section.name);
    if (first === undefined && known === undefined)
      throw new Error(`waits for ${section.members.join(', ')}`);
    const mtu = Math.min(section.mtu ?? Number.MAX_SAFE_INTEGER, ...members.map((member) => member.mtu));
    const entry = known ?? this.addBridge(section, first!, mtu, port);
    this.macs.configure(entry.row, { ageingMs: section.ageing_s * 1000, macs: section.mac_limit });
    const rows = members.map((member) => member.row);
    setMembers(this.table, entry.row, rows);
    for (const member of members) port.update(member, [], member.mtu, member.enabled);
    this.interfaces.setRunning(entry, this.hasLink(entry.row));
    port.update(entry, section.addresses, members.length === 0 ? entry.mtu : mtu, section.enabled);
    if (members.length < section.members.length) {
      const missing = section.members.filter((name) => this.interfaces.get(name) === undefined);
      throw new Error(`is without ${missing.join(', ')}`);
    }
  }

  private addBridge(section: BridgeSection, first: Interface, mtu: number, port: Layer2Port): Interface {
    const entry = this.interfaces.addVirtual({
      name: section.name,
      kind: 'bridge',
      vrf: port.vrfId(section.vrf),
      vrfName: section.vrf,
      mtu,
      worker: first.worker,
      macOctets: first.macOctets,
    });
    this.table.nextMember[entry.row] = 0;
    this.bridges.set(entry.row, { macOf: first.name });
    return entry;
  }

  private ensureLoopback(section: LoopbackSection, port: Layer2Port): void {
    const entry =
      this.interfaces.get(section.name) ??
      this.interfaces.addVirtual({
        name: section.name,
        kind: 'loopback',
        vrf: port.vrfId(section.vrf),
        vrfName: section.vrf,
        mtu: LOOPBACK_MTU,
        worker: 0,
        macOctets: null,
      });
    port.update(entry, section.addresses, LOOPBACK_MTU, true);
  }

  private leave(row: number): void {
    removeMember(this.table, row);
    this.macs.forgetMember(row);
  }

  /** An interface went up or down: so do the VLANs on it, and the bridge whose last or first link it is. */
  private follow(changed: Interface): void {
    const up = this.interfaces.isUp(changed.row);
    for (const [row, { parentRow }] of this.vlans) {
      const entry = parentRow === changed.row ? this.interfaces.ofRow(row) : undefined;
      if (entry !== undefined) this.interfaces.setRunning(entry, up);
    }
    const bridge = this.interfaces.ofRow(this.table.bridge[changed.row]!);
    if (bridge === undefined) return;
    if (!up) this.macs.forgetMember(changed.row);
    this.interfaces.setRunning(bridge, this.hasLink(bridge.row));
  }

  private hasLink(bridge: number): boolean {
    return membersOf(this.table, bridge).some((row) => this.interfaces.isUp(row));
  }
}

function tagsOfSection(section: VlanSection): number {
  return tagsOf(section.vlan, section.inner_vlan ?? 0, isServiceTagged(section));
}

/** Gives a worker's record of a station to the bridges; its words are as those of a neighbour (tables/neighbour-records.ts). */
export function hearStation(layer2: Layer2, row: number, words: Int32Array, at: number, now: number): void {
  layer2.heard(row, words[at + 5]! & 0xffff, words[at + 6]!, now);
}
