// Everything in a configuration that makes an interface, in one list: routes, nodes and addresses may be of any of it.
import type { BridgeSection } from './bridge.js';
import type { InterfaceSection } from './interface.js';
import type { LoopbackSection } from './loopback.js';
import type { TunnelSection } from './tunnel.js';
import type { VlanSection } from './vlan.js';

export interface InterfaceSections {
  interfaces: InterfaceSection[];
  tunnels: TunnelSection[];
  vlans: VlanSection[];
  bridges: BridgeSection[];
  loopbacks: LoopbackSection[];
}

const KEYS = ['interfaces', 'tunnels', 'vlans', 'bridges', 'loopbacks'] as const;

export interface ListedInterface {
  /** The section's name and place: `vlans`, 2. */
  section: (typeof KEYS)[number];
  index: number;
  name: string;
  vrf: string;
  /** Undefined where it is derived from more than the configuration. */
  mtu: number | undefined;
  addresses: string[];
}

export function interfaceList(config: InterfaceSections): ListedInterface[] {
  return KEYS.flatMap((section) =>
    config[section].map((entry, index) => {
      const { name, vrf, addresses } = entry;
      const mtu = section === 'tunnels' ? config.tunnels[index]!.mtu : configuredMtu(config, name);
      return { section, index, name, vrf, mtu, addresses };
    }),
  );
}

/** By which members frames of an interface come, when it is a bridge or a VLAN on one; none otherwise. */
export function bridgeMembers(
  { bridges, vlans }: Pick<InterfaceSections, 'bridges' | 'vlans'>,
  name: string,
): string[] {
  const link = vlans.find((vlan) => vlan.name === name)?.parent ?? name;
  return bridges.find((bridge) => bridge.name === link)?.members ?? [];
}

/** The MTU of an interface as the configuration says it; undefined of one that it does not have, or that derives its own. */
export function configuredMtu(config: Omit<InterfaceSections, 'tunnels'>, name: string): number | undefined {
  const port = config.interfaces.find((entry) => entry.name === name);
  if (port !== undefined) return port.mtu;
  const vlan = config.vlans.find((entry) => entry.name === name);
  // A bridge has no VLAN of a bridge as a member: this ends.
  if (vlan !== undefined)
    return vlan.mtu ?? (vlan.parent === name ? undefined : configuredMtu(config, vlan.parent));
  const bridge = config.bridges.find((entry) => entry.name === name);
  if (bridge === undefined) return undefined;
  if (bridge.mtu !== undefined) return bridge.mtu;
  const members = bridge.members.map((member) => portMtu(config, member)).filter((mtu) => mtu !== undefined);
  return members.length === 0 ? undefined : Math.min(...members);
}

/** MTUs of the links by which packets leave a VRF. */
export function linkMtus(config: Omit<InterfaceSections, 'tunnels'>, vrf: string): number[] {
  const members = new Set(config.bridges.flatMap((bridge) => bridge.members));
  return [...config.interfaces, ...config.vlans, ...config.bridges]
    .filter((entry) => entry.vrf === vrf && !members.has(entry.name))
    .map((entry) => configuredMtu(config, entry.name))
    .filter((mtu) => mtu !== undefined);
}

/** Of what may be a bridge's member: a port, or a VLAN of a port. */
function portMtu(config: Omit<InterfaceSections, 'tunnels'>, name: string): number | undefined {
  const port = config.interfaces.find((entry) => entry.name === name);
  if (port !== undefined) return port.mtu;
  const vlan = config.vlans.find((entry) => entry.name === name);
  return vlan?.mtu ?? config.interfaces.find((entry) => entry.name === vlan?.parent)?.mtu;
}
