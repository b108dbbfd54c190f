// What the IPFIX section says of interfaces and VRFs.
import { canonicalIp } from '../net/ip.js';
import { type InterfaceSections, interfaceList } from './interface-list.js';
import type { IpfixSection } from './ipfix.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

export function checkIpfix(
  config: InterfaceSections & { ipfix: IpfixSection },
  vrfs: ReadonlySet<string>,
  report: Report,
): void {
  const { interfaces, collectors } = config.ipfix;
  const known = interfaceList(config).map(({ name }) => name);
  interfaces.forEach((name, i) => {
    const path = ['ipfix', 'interfaces', i];
    const bridge = config.bridges.find(({ members }) => members.includes(name));
    if (!known.includes(name))
      report(path, `there is no interface "${name}": use one of ${known.join(', ') || 'those that you add'}`);
    else if (interfaces.indexOf(name) < i) report(path, `"${name}" is listed twice: leave one out`);
    else if (bridge !== undefined)
      report(path, `"${name}" is a member of bridge ${bridge.name}: its packets are metered on the bridge`);
  });
  const keys = collectors.map(({ host, port, vrf }) => `${canonicalIp(host)} port ${port} in VRF ${vrf}`);
  collectors.forEach(({ host, vrf }, i) => {
    if (/^fe[89ab]/i.test(host))
      report(['ipfix', 'collectors', i, 'host'], 'is a link-local address: name one that routes lead to');
    if (!vrfs.has(vrf))
      report(
        ['ipfix', 'collectors', i, 'vrf'],
        `there is no VRF "${vrf}": add it under vrfs, or use one of ${[...vrfs].join(', ')}`,
      );
    if (keys.indexOf(keys[i]!) < i)
      report(['ipfix', 'collectors', i, 'host'], `${keys[i]} is a collector already: leave one out`);
  });
}
