// What the management section says of interfaces.
import { type InterfaceSections, interfaceList, type ListedInterface } from './interface-list.js';
import type { ManagementSection } from './management.js';

type Report = (path: (string | number)[], message: string) => void;

export function checkManagement(
  config: InterfaceSections & { management: ManagementSection },
  report: Report,
): void {
  const interfaces = interfaceList(config);
  config.management.telnet?.interfaces.forEach((name, i, all) => {
    const path = ['management', 'telnet', 'interfaces', i];
    const entry = interfaces.find((each) => each.name === name);
    if (entry === undefined) {
      report(path, `there is no interface "${name}": name one of ${names(interfaces)}`);
    } else if (entry.addresses.length === 0 && !learnsAddresses(config, entry)) {
      report(
        path,
        `"${name}" has no address for Telnet to listen on, and learns none (dhcp_client, dhcp6_client, ipv6.accept_ra): give it one`,
      );
    }
    if (all.indexOf(name) < i) report(path, `"${name}" is named twice`);
  });
}

/** By DHCP, router advertisements, a delegated prefix, or of an IKE peer. */
function learnsAddresses(
  { interfaces, vlans }: InterfaceSections,
  { section, name }: ListedInterface,
): boolean {
  const port = interfaces.find((entry) => entry.name === name);
  const vlan = vlans.find((entry) => entry.name === name);
  const assigned = interfaces.flatMap(({ dhcp6_client }) => dhcp6_client?.prefix_delegation?.assign ?? []);
  return (
    section === 'tunnels' ||
    port?.ipv6?.accept_ra === true ||
    port?.dhcp6_client !== undefined ||
    (port ?? vlan)?.dhcp_client !== undefined ||
    assigned.some((subnet) => subnet.interface === name)
  );
}

function names(interfaces: readonly { name: string }[]): string {
  return interfaces.map(({ name }) => name).join(', ') || 'none, as there are none';
}
