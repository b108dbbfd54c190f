// The tunnels of the configuration: interfaces, what ties them to their SAs, and how large a packet may be in each.
import {
  type AssignedAddresses,
  canonicalIp,
  type DataplaneState,
  ipFamily,
  linkMtus,
  parseIp4,
  type TunnelSection,
  tunnelIfId,
} from '@sluice/shared';
import { parseAddress } from './address.js';
import type { Parts } from './convergence.js';
import type { Interface } from './interface.js';
import { monotonicMs } from './monotonic.js';
import { setMssClamp } from './mss-clamp.js';
import type { TunnelBinding } from './sa-port.js';
import { tunnelLoops } from './tunnel-loops.js';
import { type TunnelSize, tunnelDf, tunnelSize } from './tunnel-size.js';
import { setVirtualReassembly } from './virtual-reassembly.js';
import type { Vrfs } from './vrfs.js';

type TunnelParts = Pick<
  Parts,
  'interfaces' | 'tunnels' | 'sas' | 'features' | 'table' | 'pathMtus' | 'routes' | 'adjacencies' | 'paths'
>;

/** The tunnels of a state, found without a search. */
interface Sections {
  of: DataplaneState;
  byName: ReadonlyMap<string, TunnelSection>;
  byIfId: ReadonlyMap<number, TunnelSection>;
}

export class TunnelConvergence {
  /** By interface id. */
  private readonly bindings = new Map<number, TunnelBinding>();
  private sections: Sections | null = null;
  /** Interface ids whose SAs select ports, as virtual reassembly was told last. */
  private readonly selecting = new Set<number>();
  /** By interface id, what peers have assigned. */
  private assigned: ReadonlyMap<number, readonly string[]> = new Map();

  constructor(
    private readonly parts: TunnelParts,
    private readonly vrfs: Vrfs,
  ) {}

  of(ifId: number): TunnelBinding | undefined {
    return this.bindings.get(ifId);
  }

  /** False for one that must be made anew to become what it should be. */
  isWanted(entry: Interface, state: DataplaneState): boolean {
    const tunnel = this.sectionsOf(state).byName.get(entry.name);
    return (
      tunnel !== undefined &&
      tunnelIfId(tunnel) === entry.ifId &&
      (tunnel.kind ?? 'ipsec') === this.bindings.get(entry.ifId)?.kind &&
      tunnel.vrf === entry.vrfName &&
      this.vrfs.find(tunnel.outer_vrf) === entry.outerVrf
    );
  }

  private sectionsOf(state: DataplaneState): Sections {
    if (this.sections?.of === state) return this.sections;
    this.sections = {
      of: state,
      byName: new Map(state.tunnels.map((tunnel) => [tunnel.name, tunnel])),
      byIfId: new Map(state.tunnels.map((tunnel) => [tunnelIfId(tunnel), tunnel])),
    };
    return this.sections;
  }

  /** All that peers have assigned, from the next attempt on. */
  assign(tunnels: AssignedAddresses): void {
    this.assigned = new Map(tunnels.map(({ if_id, addresses }) => [if_id, addresses]));
  }

  /** An address that is configured too is there once, as it is configured. */
  private addressesOf(section: TunnelSection): string[] {
    const given = this.assigned.get(tunnelIfId(section));
    if (given === undefined) return section.addresses;
    const own = section.addresses.map(hostOf);
    return [...section.addresses, ...given.filter((address) => !own.includes(hostOf(address)))];
  }

  /** Makes a tunnel, or brings it to what its section says; its MTU is what fits its SA. */
  ensure(section: TunnelSection, state: DataplaneState): void {
    const { interfaces } = this.parts;
    const entry = interfaces.get(section.name);
    const { mtu, whole } = this.size(section, state, entry?.row);
    if (entry !== undefined) {
      this.parts.tunnels.set(entry.row, section, this.vrfs.id(section.outer_vrf));
      interfaces.update(entry, this.addressesOf(section), mtu, section.enabled);
      this.clampMss(entry, section.mss_clamp ?? true, whole);
      this.bind(entry, section);
      return;
    }
    const outerVrf = this.vrfs.id(section.outer_vrf);
    const addresses = this.addressesOf(section);
    const added = interfaces.addTunnel(
      { ...section, addresses },
      this.vrfs.id(section.vrf),
      outerVrf,
      mtu,
      0,
    );
    this.clampMss(added, section.mss_clamp ?? true, whole);
    this.parts.tunnels.set(added.row, section, outerVrf);
    const local = parseIp4(section.local ?? '');
    if (local !== null) interfaces.setOuterAddress(added.row, local);
    this.bind(added, section);
  }

  /** Ties the tunnel's SAs to it as its section is now. */
  private bind(entry: Interface, section: TunnelSection): void {
    const ifId = tunnelIfId(section);
    const before = this.bindings.get(ifId);
    const df = tunnelDf(section) ?? null;
    const kind = section.kind ?? 'ipsec';
    if (before?.row === entry.row && before.df === df && before.kind === kind) return;
    const outerVrf = this.vrfs.id(section.outer_vrf);
    this.bindings.set(ifId, { row: entry.row, name: section.name, outerVrf, kind, df });
    this.parts.sas.rebind(ifId, monotonicMs());
  }

  /** A sentence for each tunnel that is routed into itself. */
  loops(state: DataplaneState): string[] {
    const ends = state.tunnels.flatMap((section) => {
      const binding = this.bindings.get(tunnelIfId(section));
      const peer = section.remote ?? this.parts.sas.peerOf(tunnelIfId(section));
      return binding === undefined ? [] : [{ ...binding, peer: parseAddress(peer ?? '') }];
    });
    return tunnelLoops(ends, this.parts);
  }

  /** After its interface is gone. */
  forget(row: number, ifId: number): void {
    this.parts.tunnels.remove(row);
    this.bindings.delete(ifId);
    this.parts.sas.rebind(ifId, monotonicMs());
  }

  /** Switches virtual reassembly where it is asked for, and where SAs select ports. */
  knowPorts(state: DataplaneState): void {
    const { features, interfaces, sas } = this.parts;
    const sections = [...state.interfaces, ...state.tunnels];
    const wanted = sections.filter(({ virtual_reassembly: on }) => on === true).map(({ name }) => name);
    this.selecting.clear();
    for (const ifId of this.bindings.keys()) if (sas.selectsPorts(ifId)) this.selecting.add(ifId);
    const vrfs = [...this.bindings]
      .filter(([ifId]) => this.selecting.has(ifId))
      .map(([, { name }]) => interfaces.get(name)?.vrf)
      .filter((vrf) => vrf !== undefined);
    setVirtualReassembly(features, interfaces.list(), new Set(wanted), new Set(vrfs));
  }

  /** True when the tunnel's interface no longer says what fits its SA; its MSS clamping does at once. */
  resize(ifId: number, state: DataplaneState): boolean {
    const section = this.sectionsOf(state).byIfId.get(ifId);
    if (section === undefined) return false;
    if (this.parts.sas.selectsPorts(ifId) !== this.selecting.has(ifId)) this.knowPorts(state);
    const entry = this.parts.interfaces.get(section.name);
    if (entry === undefined) return false;
    const { mtu, whole } = this.size(section, state, entry.row);
    this.clampMss(entry, section.mss_clamp ?? true, whole);
    return entry.mtu !== mtu;
  }

  private clampMss({ row }: Interface, setting: boolean | number, whole: number): void {
    setMssClamp(this.parts.features, this.parts.table, row, setting, whole);
  }

  /** By what fits the smallest port of the outer VRF with the tunnel's SA; while it has none, whichever IKE may find. */
  private size(tunnel: TunnelSection, state: DataplaneState, row: number | undefined): TunnelSize {
    const outer = linkMtus(state, tunnel.outer_vrf);
    const kind = tunnel.kind ?? 'ipsec';
    const sa = this.parts.sas.sizing(tunnelIfId(tunnel));
    const pathMtu = row === undefined ? null : this.parts.pathMtus.of(row);
    return tunnelSize(tunnel, Math.min(1500, ...outer), pathMtu, {
      kind,
      family: ipFamily(tunnel.local ?? ''),
      keyed: tunnel.key !== undefined,
      sealed: kind === 'ipsec' || tunnel.protect !== 'none' || sa !== null,
      sa,
    });
  }
}

/** Without its prefix length. */
function hostOf(address: string): string {
  const [host = ''] = address.split('/');
  return canonicalIp(host) ?? host;
}
