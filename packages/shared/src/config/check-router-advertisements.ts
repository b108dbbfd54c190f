// What router advertisements say of interfaces and of their own times.
import {
  contains6,
  formatIp6Prefix,
  type Ip6Prefix,
  isLinkLocal6,
  networkOf6,
  parseIp6Prefix,
} from '../net/ip6.js';
import { isDelegatedTo } from './check-dhcp6-clients.js';
import type { InterfaceSections, ListedInterface } from './interface-list.js';
import type { RouterAdvertisementSection } from './router-advertisement.js';
import { servedInterface } from './served-interface.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;
type Sections = InterfaceSections & { router_advertisements: RouterAdvertisementSection[] };

/** RFC 4862 section 5.5.3: with the interface identifier of an Ethernet link, hosts use no other. */
const AUTONOMOUS_BITS = 64;

export function checkRouterAdvertisements(config: Sections, report: Report): void {
  const seen = new Set<string>();
  config.router_advertisements.forEach((section, i) => {
    const path = ['router_advertisements', i];
    const entry = servedInterface(config, section.interface, [...path, 'interface'], report);
    if (seen.has(section.interface))
      report([...path, 'interface'], `"${section.interface}" is advertised already: put both into one`);
    seen.add(section.interface);
    checkTimes(section, path, report);
    if (entry !== null) checkLink(config, section, entry, path, report);
  });
}

function checkTimes(section: RouterAdvertisementSection, path: Path, report: Report): void {
  const { router_lifetime_s: lifetime, interval_s: interval } = section;
  if (lifetime !== 0 && lifetime < interval)
    report(
      [...path, 'router_lifetime_s'],
      `is shorter than interval_s, which is ${interval}: hosts would lose their route between two advertisements`,
    );
}

function checkLink(
  config: Sections,
  section: RouterAdvertisementSection,
  { name, addresses }: ListedInterface,
  path: Path,
  report: Report,
): void {
  const own = advertisedPrefixes(addresses);
  if (config.interfaces.some((entry) => entry.name === name && entry.ipv6?.accept_ra === true))
    report(
      [...path, 'interface'],
      `"${name}" takes advertisements of other routers (ipv6.accept_ra): do one of both`,
    );
  if (section.prefixes === undefined) {
    if (own.length === 0 && !isDelegatedTo(config, name) && section.router_lifetime_s > 0)
      report(
        [...path, 'interface'],
        `"${name}" has no IPv6 address, so it has no prefix to tell: give it one under addresses, or name prefixes`,
      );
    const odd = own.find((prefix) => prefix.length !== AUTONOMOUS_BITS);
    if (odd !== undefined)
      report(
        [...path, 'interface'],
        `hosts make no address of ${formatIp6Prefix(odd)}, which is not a /64: name prefixes, with autonomous: false for that one`,
      );
    return;
  }
  section.prefixes.forEach((entry, i) => {
    const prefix = parseIp6Prefix(entry.prefix);
    if (prefix === null) return;
    const at = [...path, 'prefixes', i, 'prefix'];
    if (entry.autonomous && prefix.length !== AUTONOMOUS_BITS)
      report(at, 'is not a /64, of which alone hosts make addresses: set autonomous: false, or change it');
    if (isLinkLocal6(prefix.address)) report(at, 'is link-local, which is never advertised: remove it');
    if (!own.some((mine) => contains6(prefix, mine.address)))
      report(
        at,
        `is not that of an address of "${name}": hosts that take addresses of it could not reach the box by them`,
      );
  });
}

/** Those of an interface's addresses, each once; not of link-local ones. */
export function advertisedPrefixes(addresses: readonly string[]): Ip6Prefix[] {
  const all = new Map<string, Ip6Prefix>();
  for (const text of addresses) {
    const prefix = parseIp6Prefix(text);
    if (prefix === null || isLinkLocal6(prefix.address)) continue;
    const network = { address: networkOf6(prefix), length: prefix.length };
    all.set(formatIp6Prefix(network), network);
  }
  return [...all.values()];
}
