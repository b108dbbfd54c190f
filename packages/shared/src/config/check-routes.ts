// What can be said of routes before any is installed: that their ways exist, and that next hops lead somewhere.
import { canonicalIp, ipFamily } from '../net/ip.js';
import { formatIp4Prefix, networkOf, parseIp4, parseIp4Prefix } from '../net/ip4.js';
import {
  formatIp6Prefix,
  type Ip6Words,
  isLinkLocal6,
  networkOf6,
  parseIp6,
  parseIp6Prefix,
} from '../net/ip6.js';
import { PrefixMap } from '../net/prefix-map.js';
import { nextHopsOf, type RouteSection } from './route.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

interface Holder {
  name: string;
  section: string;
  vrf: string;
  addresses: string[];
}

/** What holds an address in a VRF. */
type Reach = 'connected' | 'own' | RouteSection;

interface Prefix {
  address: number | Ip6Words;
  length: number;
}

/** `interfaces` are all that a route may name: ports, tunnels and so on. */
export function checkRoutes(
  routes: readonly RouteSection[],
  interfaces: readonly Holder[],
  vrfs: ReadonlySet<string>,
  report: Report,
): void {
  const reach = new Map<string, PrefixMap<Reach>>();
  const mapOf = (vrf: string): PrefixMap<Reach> => {
    const map = reach.get(vrf) ?? new PrefixMap<Reach>();
    reach.set(vrf, map);
    return map;
  };
  for (const route of routes) {
    const prefix = parsePrefix(route.prefix);
    if (prefix !== null) mapOf(route.vrf).set(prefix.address, prefix.length, route);
  }
  for (const entry of interfaces) {
    for (const prefix of entry.addresses.map(parsePrefix)) {
      if (prefix === null) continue;
      const bits = typeof prefix.address === 'number' ? 32 : 128;
      const map = mapOf(entry.vrf);
      if (map.get(prefix.address, prefix.length) !== 'own')
        map.set(prefix.address, prefix.length, 'connected');
      map.set(prefix.address, bits, 'own');
    }
  }
  const names = new Set(interfaces.map((entry) => entry.name));
  routes.forEach((route, i) => {
    if (route.vrf_lookup !== undefined) checkLookup(route, vrfs, ['routes', i, 'vrf_lookup'], report);
    nextHopsOf(route).forEach((hop, j) => {
      const path: Path = route.next_hops === undefined ? ['routes', i] : ['routes', i, 'next_hops', j];
      if (hop.interface !== undefined && !names.has(hop.interface)) {
        report([...path, 'interface'], `there is no interface or tunnel "${hop.interface}"`);
      }
      if (hop.address === undefined) {
        const holder = interfaces.find((entry) => entry.name === hop.interface);
        // Hosts behind an Ethernet interface are asked for one by one, and each then has a route of its own.
        if (route.next_hops !== undefined && holder !== undefined && holder.section !== 'tunnels') {
          report(
            [...path, 'interface'],
            `${hop.interface} is no tunnel: give the address of a router on it, too`,
          );
        }
        return;
      }
      const key = route.next_hops === undefined ? 'next_hop' : 'address';
      const problem = problemOf(route, hop.address, hop.interface, mapOf(route.vrf), () =>
        networksOf(interfaces, route.vrf, hop.address!),
      );
      if (problem !== null) report([...path, key], problem);
    });
  });
}

/** A route's prefix as it is compared: text forms of IPv6 vary. */
export function canonicalPrefix(text: string): string {
  const [address = '', length = ''] = text.split('/');
  return `${canonicalIp(address) ?? address}/${length}`;
}

function checkLookup(route: RouteSection, vrfs: ReadonlySet<string>, path: Path, report: Report): void {
  if (route.vrf_lookup === route.vrf) {
    report(path, `the route is in VRF ${route.vrf} itself: name another VRF`);
  } else if (!vrfs.has(route.vrf_lookup!)) {
    report(
      path,
      `there is no VRF "${route.vrf_lookup}": add it under vrfs, or use one of ${[...vrfs].join(', ')}`,
    );
  }
}

/** Why a next hop leads nowhere; null when it does, or is on a link that the route names. */
function problemOf(
  route: RouteSection,
  text: string,
  link: string | undefined,
  reach: PrefixMap<Reach>,
  networks: () => string,
): string | null {
  const address = parseAddress(text);
  if (address === null) return null;
  if (ipFamily(text) !== ipFamily(route.prefix.split('/')[0]!)) {
    return `${text} is of the other address family than ${route.prefix}: give a next hop of the same`;
  }
  if (link !== undefined) return null;
  if (typeof address !== 'number' && isLinkLocal6(address)) {
    return `${text} is a link-local address: say on which interface it is, by an entry of next_hops with both`;
  }
  const seen = new Set<RouteSection>([route]);
  let hop = address;
  for (;;) {
    const found = reach.longest(hop, (_, length) => length > 0);
    if (found === undefined) {
      const where = hop === address ? text : `${text} leads to a next hop that`;
      return `${where} is on no network connected in VRF ${route.vrf} (${networks() || 'none'}), and no route but the default one covers it`;
    }
    if (found === 'connected') return null;
    if (found === 'own') return `${text} is an address of this device itself: give its neighbour's`;
    if (seen.has(found)) {
      return seen.size === 1
        ? `${text} is reached by this route itself: give a router on a connected network`
        : `${text} leads in a circle through the route to ${found.prefix}: give a router on a connected network`;
    }
    seen.add(found);
    const next = nextHopsOf(found).find((each) => each.address !== undefined && each.interface === undefined);
    const further = next === undefined ? null : parseAddress(next.address!);
    // It ends at an interface, or says by itself where.
    if (further === null) return null;
    hop = further;
  }
}

/** The connected networks of a VRF, of the family of an address. */
function networksOf(interfaces: readonly Holder[], vrf: string, address: string): string {
  const family = ipFamily(address);
  return interfaces
    .filter((entry) => entry.vrf === vrf)
    .flatMap((entry) => entry.addresses)
    .filter((text) => ipFamily(text.split('/')[0]!) === family)
    .map((text) => {
      const four = parseIp4Prefix(text);
      if (four !== null) return formatIp4Prefix({ ...four, address: networkOf(four) });
      const six = parseIp6Prefix(text);
      return six === null ? text : formatIp6Prefix({ ...six, address: networkOf6(six) });
    })
    .join(', ');
}

function parsePrefix(text: string): Prefix | null {
  return parseIp4Prefix(text) ?? parseIp6Prefix(text);
}

function parseAddress(text: string): number | Ip6Words | null {
  return parseIp4(text) ?? parseIp6(text);
}
