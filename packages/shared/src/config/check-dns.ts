// What the DNS section says of interfaces, and its forwarders of each other.
import { parseIp4Prefix } from '../net/ip4.js';
import { parseIp6Prefix } from '../net/ip6.js';
import type { DnsSection } from './dns.js';
import type { InterfaceSections } from './interface-list.js';
import { servedInterface } from './served-interface.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

export function checkDns(config: InterfaceSections & { dns: DnsSection }, report: Report): void {
  const seen = new Map<string, number>();
  const own = addressesOf(config);
  config.dns.servers.forEach((server, i) => {
    if (own.has(server)) report(['dns', 'servers', i], "is one of the box's own addresses: name another");
  });
  config.dns.forwarders.forEach((forwarder, i) => {
    const path = ['dns', 'forwarders', i];
    let vrf: string | null = null;
    forwarder.interfaces.forEach((name, j) => {
      const at = [...path, 'interfaces', j];
      const entry = servedInterface(config, name, at, report);
      const other = seen.get(name);
      if (other !== undefined)
        report(at, `"${name}" has a forwarder already, dns.forwarders.${other}: put both into one`);
      seen.set(name, i);
      if (entry === null) return;
      if (vrf !== null && vrf !== entry.vrf)
        report(at, `"${name}" is in VRF ${entry.vrf}, others in ${vrf}: make it a forwarder of its own`);
      vrf ??= entry.vrf;
    });
    const all = [
      ...(forwarder.servers ?? []).map((server, j) => ({ server, at: [...path, 'servers', j] })),
      ...forwarder.zones.flatMap(({ servers }, j) =>
        servers.map((server, k) => ({ server, at: [...path, 'zones', j, 'servers', k] })),
      ),
    ];
    for (const { server, at } of all)
      if (own.has(server)) report(at, "is one of the box's own addresses: it would ask itself");
  });
}

function addressesOf({ interfaces, vlans, bridges, tunnels, loopbacks }: InterfaceSections): Set<string> {
  return new Set(
    [...interfaces, ...vlans, ...bridges, ...tunnels, ...loopbacks]
      .flatMap(({ addresses }) => addresses)
      .filter((text) => parseIp4Prefix(text) !== null || parseIp6Prefix(text) !== null)
      .map((text) => text.split('/')[0]!),
  );
}
