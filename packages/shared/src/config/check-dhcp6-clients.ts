// What DHCPv6 clients of the box's interfaces say of others.

import type { Dhcp6Section } from './dhcp6.js';
import { type Dhcp6ClientSection, SUBNET_LENGTH } from './dhcp6-client.js';
import type { InterfaceSections } from './interface-list.js';
import { servedInterface } from './served-interface.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;
type Sections = InterfaceSections & { dhcp6: Dhcp6Section };

/** What asks has a link of its own and is not served there; an interface has a number of a prefix once, and no two the same. */
export function checkDhcp6Clients(config: Sections, report: Report): void {
  const taken = new Map<string, Path>();
  config.interfaces.forEach(({ name, dhcp6_client: client }, i) => {
    if (client === undefined) return;
    const path = ['interfaces', i, 'dhcp6_client'];
    const bridge = config.bridges.find(({ members }) => members.includes(name));
    if (bridge !== undefined)
      report(path, `"${name}" is a member of bridge ${bridge.name}, which has the addresses: leave it out`);
    if (config.dhcp6.servers.some((server) => server.enabled && server.interface === name))
      report(path, `"${name}" is served by dhcp6.servers itself: leave out one of the two`);
    checkAssignments(config, name, client, [...path, 'prefix_delegation'], taken, report);
  });
}

function checkAssignments(
  config: Sections,
  wan: string,
  { prefix_delegation: delegation }: Dhcp6ClientSection,
  path: Path,
  taken: Map<string, Path>,
  report: Report,
): void {
  if (delegation === undefined) return;
  const subnets = new Set<number>();
  const count = 2 ** (SUBNET_LENGTH - delegation.length);
  const vrf = config.interfaces.find(({ name }) => name === wan)?.vrf;
  delegation.assign.forEach(({ interface: name, subnet }, i) => {
    const at = [...path, 'assign', i];
    const entry = servedInterface(config, name, [...at, 'interface'], report);
    if (name === wan) report([...at, 'interface'], `"${name}" is the one that asks: name one behind the box`);
    else if (entry !== null && entry.vrf !== vrf)
      report(
        [...at, 'interface'],
        `"${name}" is of VRF ${entry.vrf}, and "${wan}" of VRF ${vrf}: a prefix serves one VRF`,
      );
    const first = taken.get(name);
    if (first !== undefined)
      report([...at, 'interface'], `"${name}" has a subnet already, by ${first.join('.')}: give it one`);
    taken.set(name, at);
    if (subnet >= count)
      report([...at, 'subnet'], `a /${delegation.length} has subnets 0 to ${count - 1}: choose one of these`);
    if (subnets.has(subnet))
      report([...at, 'subnet'], `subnet ${subnet} is given to another interface: choose another`);
    subnets.add(subnet);
  });
}

/** Whether an interface is to have a subnet of a delegated prefix. */
export function isDelegatedTo(config: Pick<InterfaceSections, 'interfaces'>, name: string): boolean {
  return config.interfaces.some(({ dhcp6_client: client }) =>
    client?.prefix_delegation?.assign.some((one) => one.interface === name),
  );
}
