// An interface whose link the box serves: by DHCP, as a router that advertises itself, with names.
import { type InterfaceSections, interfaceList, type ListedInterface } from './interface-list.js';

type Path = (string | number)[];

/** Null, and a sentence at `at`, for what is none or has no stations. */
export function servedInterface(
  config: InterfaceSections,
  name: string,
  at: Path,
  report: (path: Path, message: string) => void,
): ListedInterface | null {
  const entry = interfaceList(config).find((candidate) => candidate.name === name);
  if (entry === undefined) {
    report(at, `there is no interface "${name}": use an interface, VLAN or bridge of this configuration`);
    return null;
  }
  if (entry.section === 'tunnels' || entry.section === 'loopbacks') {
    report(at, `"${name}" has no network of stations: serve an interface, a VLAN or a bridge`);
    return null;
  }
  const bridge = config.bridges.find(({ members }) => members.includes(name));
  if (bridge === undefined) return entry;
  report(at, `"${name}" is a member of bridge ${bridge.name}: serve the bridge`);
  return null;
}
