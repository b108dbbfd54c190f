// What the DHCP section says of interfaces and subnets, and its servers of each other.
import {
  contains,
  formatIp4,
  formatIp4Prefix,
  type Ip4Prefix,
  ip4Mask,
  networkOf,
  parseIp4,
  parseIp4Prefix,
} from '../net/ip4.js';
import { formatIp4Range, type Ip4Range, inRange, parseIp4Range, rangesOverlap } from '../net/ip4-range.js';
import { type DhcpSection, type DhcpServerSection, reservationClient } from './dhcp.js';
import { bridgeMembers, type InterfaceSections, interfaceList } from './interface-list.js';
import { servedInterface } from './served-interface.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;
type Sections = InterfaceSections & { dhcp: DhcpSection };

/** A subnet that is served, and where the configuration says so. */
interface Served {
  server: DhcpServerSection;
  path: Path;
  vrf: string;
  subnets: Ip4Prefix[];
}

export function checkDhcp(config: Sections, vrfs: ReadonlySet<string>, report: Report): void {
  const served = config.dhcp.servers.flatMap((server, i) => {
    const path = ['dhcp', 'servers', i];
    const where =
      server.interface === undefined
        ? relayedNetwork(server, path, vrfs, report)
        : interfaceNetwork(config, server.interface, path, report);
    return where === null ? [] : [{ server, path, ...where }];
  });
  checkSubnets(served, report);
  const own = ownAddresses(config);
  for (const entry of served) {
    checkPools(entry, report);
    checkExclusions(entry, report);
    checkReservations(entry, own.get(entry.vrf) ?? new Set(), report);
    checkClasses(entry, report);
    checkTimes(entry, report);
    checkPorts(config, entry, report);
  }
}

/** What asks for its address has a link of its own, and is not served there. */
export function checkDhcpClients(config: Sections, report: Report): void {
  for (const section of ['interfaces', 'vlans'] as const) {
    config[section].forEach(({ name, dhcp_client: client }, i) => {
      if (client === undefined) return;
      const path = [section, i, 'dhcp_client'];
      const bridge = config.bridges.find(({ members }) => members.includes(name));
      if (bridge !== undefined)
        report(path, `"${name}" is a member of bridge ${bridge.name}, which has the addresses: leave it out`);
      if (config.dhcp.servers.some((server) => server.enabled && server.interface === name))
        report(path, `"${name}" is served by dhcp.servers itself: leave out one of the two`);
    });
  }
}

function relayedNetwork(
  { subnet, vrf }: DhcpServerSection,
  path: Path,
  vrfs: ReadonlySet<string>,
  report: Report,
): { vrf: string; subnets: Ip4Prefix[] } | null {
  if (!vrfs.has(vrf)) {
    report(
      [...path, 'vrf'],
      `there is no VRF "${vrf}": add it under vrfs, or use one of ${[...vrfs].join(', ')}`,
    );
    return null;
  }
  const prefix = parseIp4Prefix(subnet ?? '');
  return prefix === null ? null : { vrf, subnets: [prefix] };
}

function interfaceNetwork(
  config: Sections,
  name: string,
  path: Path,
  report: Report,
): { vrf: string; subnets: Ip4Prefix[] } | null {
  const at = [...path, 'interface'];
  const entry = servedInterface(config, name, at, report);
  if (entry === null) return null;
  const subnets = entry.addresses.map(parseIp4Prefix).filter((prefix) => prefix !== null);
  if (subnets.length > 0) return { vrf: entry.vrf, subnets };
  report(at, `"${name}" has no IPv4 address, so it has no subnet to serve: give it one under addresses`);
  return null;
}

/** One server a subnet of a VRF: two would give one address twice. */
function checkSubnets(served: readonly Served[], report: Report): void {
  const interfaces = new Set<string>();
  served.forEach(({ server, path, vrf, subnets }, i) => {
    if (server.interface !== undefined) {
      if (interfaces.has(server.interface))
        report([...path, 'interface'], `"${server.interface}" has a server already: put both into one`);
      interfaces.add(server.interface);
    }
    for (const other of served.slice(0, i)) {
      if (other.vrf !== vrf || other.server.interface === server.interface) continue;
      const common = subnets.find((a) =>
        other.subnets.some((b) => contains(a, b.address) || contains(b, a.address)),
      );
      if (common === undefined) continue;
      report(
        [...path, server.interface === undefined ? 'subnet' : 'interface'],
        `${formatIp4Prefix({ ...common, address: networkOf(common) })} overlaps with the network of ${other.path.join('.')}: serve each network once`,
      );
    }
  });
}

function checkPools({ server, path, subnets }: Served, report: Report): void {
  const seen: Ip4Range[] = [];
  const classes = new Set(server.classes.map((entry) => entry.name));
  server.pools.forEach(({ range: text, classes: wanted }, i) => {
    const at = [...path, 'pools', i];
    const range = parseIp4Range(text);
    if (range === null) return;
    const problem = rangeProblem(range, subnets);
    if (problem !== null) report([...at, 'range'], problem);
    const other = seen.find((earlier) => rangesOverlap(earlier, range));
    if (other !== undefined)
      report(
        [...at, 'range'],
        `overlaps with the pool ${formatIp4Range(other)}: part them, or make them one`,
      );
    seen.push(range);
    wanted?.forEach((name, j) => {
      if (!classes.has(name))
        report([...at, 'classes', j], `there is no class "${name}" in this server: add it under classes`);
    });
  });
}

function rangeProblem(range: Ip4Range, subnets: readonly Ip4Prefix[]): string | null {
  const subnet = subnets.find((prefix) => contains(prefix, range.first));
  if (subnet === undefined || !contains(subnet, range.last)) {
    const all = subnets.map((prefix) => formatIp4Prefix({ ...prefix, address: networkOf(prefix) }));
    return `is not inside ${subnet === undefined ? all.join(' or ') : formatIp4Prefix({ ...subnet, address: networkOf(subnet) })}: choose addresses of the network that is served`;
  }
  const edge = [networkOf(subnet), lastOf(subnet)].find((address) => inRange(range, address));
  return edge === undefined || subnet.length >= 31
    ? null
    : `has ${formatIp4(edge)}, which is the network's own or its broadcast address: leave it out`;
}

function lastOf(prefix: Ip4Prefix): number {
  return (networkOf(prefix) | ~ip4Mask(prefix.length)) >>> 0;
}

function checkExclusions({ server, path }: Served, report: Report): void {
  const pools = server.pools.map(({ range }) => parseIp4Range(range)).filter((range) => range !== null);
  server.exclude.forEach((text, i) => {
    const range = parseIp4Range(text);
    if (range === null || pools.some((pool) => rangesOverlap(pool, range))) return;
    report(
      [...path, 'exclude', i],
      'is in no pool, so there is nothing to exclude: remove it, or see whether it is right',
    );
  });
}

function checkReservations(
  { server, path, subnets }: Served,
  own: ReadonlySet<number>,
  report: Report,
): void {
  const clients = new Map<string, number>();
  const addresses = new Map<number, number>();
  server.reservations.forEach((reservation, i) => {
    const at = [...path, 'reservations', i];
    const address = parseIp4(reservation.address);
    const client = reservationClient(reservation);
    const first = clients.get(client);
    if (first !== undefined)
      report(
        at,
        `${client} has a reservation already, reservations.${first}: one client, one address of a network`,
      );
    clients.set(client, i);
    if (address === null) return;
    const subnet = subnets.find((prefix) => contains(prefix, address));
    if (subnet === undefined) {
      report([...at, 'address'], 'is not in the network that is served: choose one that is');
    } else if (own.has(address)) {
      report([...at, 'address'], "is one of the box's own: choose another");
    } else if (subnet.length < 31 && (address === networkOf(subnet) || address === lastOf(subnet))) {
      report([...at, 'address'], "is the network's own or its broadcast address: choose another");
    }
    const other = addresses.get(address);
    if (other !== undefined)
      report([...at, 'address'], `is reserved already, by reservations.${other}: choose another`);
    addresses.set(address, i);
  });
}

function checkClasses({ server, path }: Served, report: Report): void {
  const seen = new Set<string>();
  server.classes.forEach(({ name }, i) => {
    if (seen.has(name))
      report([...path, 'classes', i, 'name'], `there is a class "${name}" already: choose another name`);
    seen.add(name);
  });
}

function checkTimes({ server, path }: Served, report: Report): void {
  const { lease_time_s: usual, lease_time_max_s: most } = server;
  if (most !== undefined && most < usual)
    report([...path, 'lease_time_max_s'], `is less than lease_time_s, which is ${usual}: raise it`);
}

function checkPorts(config: Sections, { server, path }: Served, report: Report): void {
  if (server.limits.per_port === undefined || bridgeMembers(config, server.interface ?? '').length > 0)
    return;
  report(
    [...path, 'limits', 'per_port'],
    `counts by members of a bridge, and "${server.interface ?? server.subnet}" is none: leave it out, or use leases_per_mac or leases_per_circuit`,
  );
}

function ownAddresses(config: Sections): Map<string, Set<number>> {
  const all = new Map<string, Set<number>>();
  for (const { vrf, addresses } of interfaceList(config)) {
    const set = all.get(vrf) ?? new Set<number>();
    for (const text of addresses) {
      const prefix = parseIp4Prefix(text);
      if (prefix !== null) set.add(prefix.address);
    }
    all.set(vrf, set);
  }
  return all;
}
