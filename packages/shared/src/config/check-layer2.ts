// What VLANs and bridges need of the interfaces that they lie on.
import type { BridgeSection } from './bridge.js';
import { configuredMtu, type InterfaceSections } from './interface-list.js';
import type { NodeSection } from './node.js';
import { nextHopsOf, type RouteSection } from './route.js';
import { isServiceTagged, type VlanSection } from './vlan.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

interface Users {
  routes: RouteSection[];
  nodes: NodeSection[];
}

export function checkLayer2(config: InterfaceSections & Users, report: Report): void {
  checkVlans(config, report);
  const owners = new Map<string, string>();
  config.bridges.forEach((bridge, i) => {
    checkMembers(config, bridge, i, owners, report);
  });
  checkUses(config, owners, report);
}

function checkVlans(config: InterfaceSections, report: Report): void {
  const parents = [...config.interfaces, ...config.bridges].map((entry) => entry.name);
  const seen = new Map<string, string>();
  config.vlans.forEach((vlan, i) => {
    if (config.vlans.some((other) => other.name === vlan.parent)) {
      report(
        ['vlans', i, 'parent'],
        `"${vlan.parent}" is a VLAN itself: name its parent, and give the second tag as inner_vlan`,
      );
    } else if (!parents.includes(vlan.parent)) {
      report(
        ['vlans', i, 'parent'],
        `there is no interface or bridge "${vlan.parent}": use one of ${parents.join(', ') || 'those that you add'}`,
      );
    }
    const tags = tagsText(vlan);
    const first = seen.get(`${vlan.parent} ${tags}`);
    if (first !== undefined)
      report(['vlans', i, 'vlan'], `VLAN ${tags} of ${vlan.parent} is already "${first}": choose another`);
    else seen.set(`${vlan.parent} ${tags}`, vlan.name);
    const most = configuredMtu(config, vlan.parent);
    if (vlan.mtu !== undefined && most !== undefined && vlan.mtu > most) {
      report(['vlans', i, 'mtu'], `is larger than the MTU of ${vlan.parent}, ${most}: at most that`);
    }
  });
}

/** `owners`: whose member an interface is, filled here. */
function checkMembers(
  config: InterfaceSections,
  bridge: BridgeSection,
  index: number,
  owners: Map<string, string>,
  report: Report,
): void {
  bridge.members.forEach((name, j) => {
    const path: Path = ['bridges', index, 'members', j];
    const vlan = config.vlans.find((entry) => entry.name === name);
    const member = vlan ?? config.interfaces.find((entry) => entry.name === name);
    if (member === undefined) {
      const others = [...config.tunnels, ...config.loopbacks, ...config.bridges];
      report(
        path,
        others.some((entry) => entry.name === name)
          ? `"${name}" cannot be a member: only interfaces and their VLANs can`
          : `there is no interface or VLAN "${name}"`,
      );
      return;
    }
    const owner = owners.get(name);
    if (owner !== undefined)
      report(path, `"${name}" is already a member of ${owner}: an interface is in one bridge`);
    else owners.set(name, bridge.name);
    if (vlan !== undefined && config.bridges.some((entry) => entry.name === vlan.parent)) {
      report(path, `"${name}" is a VLAN of a bridge: only VLANs of interfaces can be members`);
    }
    if (member.addresses.length > 0) {
      report(path, `"${name}" has addresses: give them to the bridge, whose member it is`);
    }
    const most = configuredMtu(config, name);
    if (bridge.mtu !== undefined && most !== undefined && bridge.mtu > most) {
      report(
        ['bridges', index, 'mtu'],
        `is larger than the MTU of its member ${name}, ${most}: at most that`,
      );
    }
  });
}

/** What is routed by a member is routed by its bridge, where nodes see it. */
function checkUses(config: Users, owners: ReadonlyMap<string, string>, report: Report): void {
  config.routes.forEach((route, i) => {
    nextHopsOf(route).forEach((hop, j) => {
      const owner = owners.get(hop.interface ?? '');
      if (owner === undefined) return;
      const path: Path = route.next_hops === undefined ? ['routes', i] : ['routes', i, 'next_hops', j];
      report([...path, 'interface'], `"${hop.interface}" is a member of ${owner}: name the bridge`);
    });
  });
  config.nodes.forEach((node, i) => {
    node.interfaces.forEach((name, j) => {
      const owner = owners.get(name);
      if (owner === undefined) return;
      report(
        ['nodes', i, 'interfaces', j],
        `"${name}" is a member of ${owner}, whose packets a node never sees: put it on ${owner}`,
      );
    });
  });
}

function tagsText(vlan: VlanSection): string {
  const inner = vlan.inner_vlan === undefined ? '' : `.${vlan.inner_vlan}`;
  return `${vlan.vlan}${inner}${isServiceTagged(vlan) ? ' (802.1ad)' : ''}`;
}
