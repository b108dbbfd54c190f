// What the DHCPv6 section says of interfaces and prefixes, and its servers of each other.
import { formatIp6Prefix, isLinkLocal6, networkOf6, parseIp6, parseIp6Prefix } from '../net/ip6.js';
import {
  type Ip6Range,
  inRange6,
  ip6Number,
  isRelative6,
  parseIp6Range,
  rangeOf6,
  rangesOverlap6,
} from '../net/ip6-range.js';
import { isDelegatedTo } from './check-dhcp6-clients.js';
import { plainHex } from './dhcp.js';
import type { Dhcp6Section, Dhcp6ServerSection } from './dhcp6.js';
import { type InterfaceSections, interfaceList } from './interface-list.js';
import { servedInterface } from './served-interface.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;
type Sections = InterfaceSections & { dhcp6: Dhcp6Section };

/** Prefixes that can be delegated of one section: 2^32 at most, of which few will ever be. */
const DELEGATED_BITS_MAX = 32;

interface Served {
  server: Dhcp6ServerSection;
  path: Path;
  vrf: string;
  /** Networks whose clients ask. */
  links: Ip6Range[];
  /** Whether it has a subnet of a delegated prefix, of which ranges may be. */
  delegated: boolean;
}

/** What is given of, where the configuration says so. */
interface Space {
  vrf: string;
  range: Ip6Range;
  path: Path;
}

export function checkDhcp6(config: Sections, vrfs: ReadonlySet<string>, report: Report): void {
  const served = config.dhcp6.servers.flatMap((server, i) => {
    const path = ['dhcp6', 'servers', i];
    const where = placeOf(config, server, path, vrfs, report);
    const delegated = server.interface !== undefined && isDelegatedTo(config, server.interface);
    return where === null ? [] : [{ server, path, delegated, ...where }];
  });
  checkPlaces(served, report);
  for (const entry of served) {
    checkPools(entry, report);
    checkDelegation(entry, config, report);
    checkReservations(entry, report);
  }
  const spaces = served.flatMap(spacesOf);
  spaces.forEach((space, i) => {
    const other = spaces
      .slice(0, i)
      .find(({ vrf, range }) => vrf === space.vrf && rangesOverlap6(range, space.range));
    if (other !== undefined)
      report(space.path, `overlaps with ${other.path.join('.')}: part them, or make them one`);
  });
}

function placeOf(
  config: Sections,
  { interface: name, subnet, vrf }: Dhcp6ServerSection,
  path: Path,
  vrfs: ReadonlySet<string>,
  report: Report,
): { vrf: string; links: Ip6Range[] } | null {
  if (name === undefined) {
    if (!vrfs.has(vrf))
      report(
        [...path, 'vrf'],
        `there is no VRF "${vrf}": add it under vrfs, or use one of ${[...vrfs].join(', ')}`,
      );
    const prefix = parseIp6Prefix(subnet ?? '');
    return prefix === null ? null : { vrf, links: [rangeOf6(prefix)] };
  }
  const entry = servedInterface(config, name, [...path, 'interface'], report);
  if (entry === null) return null;
  return { vrf: entry.vrf, links: linkPrefixes(entry.addresses) };
}

function linkPrefixes(addresses: readonly string[]): Ip6Range[] {
  return addresses
    .map(parseIp6Prefix)
    .filter((prefix) => prefix !== null)
    .filter(({ address }) => !isLinkLocal6(address))
    .map(rangeOf6);
}

function checkPlaces(served: readonly Served[], report: Report): void {
  served.forEach(({ server, path, vrf, links }, i) => {
    for (const other of served.slice(0, i)) {
      if (server.interface !== undefined && server.interface === other.server.interface)
        report([...path, 'interface'], `"${server.interface}" has a server already: put both into one`);
      else if (vrf === other.vrf && links.some((a) => other.links.some((b) => rangesOverlap6(a, b))))
        report(
          [...path, server.interface === undefined ? 'subnet' : 'interface'],
          `its network overlaps with that of ${other.path.join('.')}: serve each network once`,
        );
    }
  });
}

function checkPools({ server, path, links, delegated }: Served, report: Report): void {
  server.pools.forEach(({ range: text }, i) => {
    const range = parseIp6Range(text);
    if (range === null) return;
    if (isRelative6(range)) {
      if (!delegated) report([...path, 'pools', i, 'range'], notDelegated(server));
      return;
    }
    const inside = links.some((link) => inRange6(link, range.first) && inRange6(link, range.last));
    if (!inside)
      report(
        [...path, 'pools', i, 'range'],
        links.length === 0
          ? `"${server.interface}" has no IPv6 prefix to give addresses of: give it an address under addresses`
          : 'is not inside a prefix of the network that is served: choose addresses of it',
      );
  });
}

function notDelegated({ interface: name, subnet }: Dhcp6ServerSection): string {
  return `is of a delegated prefix, and ${name === undefined ? subnet : `"${name}"`} has no subnet of one: name it under prefix_delegation.assign, or give whole addresses`;
}

function checkDelegation({ server, path, vrf }: Served, config: Sections, report: Report): void {
  const own = interfaceList(config)
    .filter((entry) => entry.vrf === vrf)
    .flatMap(({ name, addresses }) =>
      addresses.flatMap((text) => {
        const prefix = parseIp6Prefix(text);
        return prefix === null || isLinkLocal6(prefix.address) ? [] : [{ name, prefix }];
      }),
    );
  server.delegation.forEach(({ prefix: text, length }, i) => {
    const prefix = parseIp6Prefix(text);
    if (prefix === null) return;
    const at = [...path, 'delegation', i];
    if (length - prefix.length > DELEGATED_BITS_MAX)
      report(
        [...at, 'length'],
        `more than 2^${DELEGATED_BITS_MAX} prefixes: delegate shorter ones, or of a longer prefix`,
      );
    const mine = own.find((entry) => rangesOverlap6(rangeOf6(entry.prefix), rangeOf6(prefix)));
    if (mine !== undefined)
      report(
        [...at, 'prefix'],
        `has ${formatIp6Prefix({ ...mine.prefix, address: networkOf6(mine.prefix) })} of "${mine.name}" in it: delegate what no interface has`,
      );
  });
}

function checkReservations({ server, path, links, delegated }: Served, report: Report): void {
  const clients = new Map<string, number>();
  const seen = new Map<string, number>();
  server.reservations.forEach(({ duid, iaid, address, prefix }, i) => {
    const at = [...path, 'reservations', i];
    const client = `${plainHex(duid)} ${iaid ?? ''}`;
    const first = clients.get(client);
    if (first !== undefined)
      report(at, `this client has a reservation already, reservations.${first}: put both into one`);
    clients.set(client, i);
    const words = parseIp6(address ?? '');
    const number = words === null ? null : ip6Number(words);
    if (number !== null && isRelative6({ first: number, last: number })) {
      if (!delegated) report([...at, 'address'], notDelegated(server));
    } else if (number !== null && !links.some((link) => inRange6(link, number)))
      report([...at, 'address'], 'is not in a prefix of the network that is served: choose one that is');
    for (const [key, text] of [
      ['address', address],
      ['prefix', prefix],
    ] as const) {
      if (text === undefined) continue;
      const other = seen.get(text);
      if (other !== undefined)
        report([...at, key], `is reserved already, by reservations.${other}: choose another`);
      seen.set(text, i);
    }
  });
}

function spacesOf({ server, path, vrf }: Served): Space[] {
  const pools = server.pools.flatMap(({ range: text }, i) => {
    const range = parseIp6Range(text);
    if (range === null) return [];
    // What is relative overlaps on its own link alone.
    const space = isRelative6(range) ? `${vrf} ${server.interface}` : vrf;
    return [{ vrf: space, range, path: [...path, 'pools', i, 'range'] }];
  });
  const delegated = server.delegation.flatMap(({ prefix: text }, i) => {
    const prefix = parseIp6Prefix(text);
    return prefix === null
      ? []
      : [{ vrf, range: rangeOf6(prefix), path: [...path, 'delegation', i, 'prefix'] }];
  });
  return [...pools, ...delegated];
}
