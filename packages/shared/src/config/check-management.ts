// What the management section says of interfaces.
import { type InterfaceSections, interfaceList } from './interface-list.js';
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
    } else if (entry.addresses.length === 0) {
      report(path, `"${name}" has no address in the configuration, and Telnet listens on those: give it one`);
    }
    if (all.indexOf(name) < i) report(path, `"${name}" is named twice`);
  });
}

function names(interfaces: readonly { name: string }[]): string {
  return interfaces.map(({ name }) => name).join(', ') || 'none, as there are none';
}
