// The configuration with what DHCP servers have given to its interfaces, as if it had been written there.
import { type DeviceConfig, type DhcpClientLease, parseIp4Prefix, type RouteSection } from '@sluice/shared';

const EVERYTHING = '0.0.0.0/0';

/**
 * Addresses, MTUs and routes are added; a route of the configuration goes before one that was learnt, and of learnt ones
 * the first in the order of interfaces. An interface that asks no more has its address until that was given back, which it
 * cannot be without.
 */
export function withLeases(config: DeviceConfig, leases: readonly DhcpClientLease[]): DeviceConfig {
  const byInterface = new Map(leases.map((lease) => [lease.interface, lease]));
  const routes = new Map(config.routes.map((route) => [`${route.vrf} ${canonical(route.prefix)}`, route]));
  const add = (vrf: string, learnt: readonly RouteSection[]): void => {
    for (const route of learnt) {
      const key = `${vrf} ${canonical(route.prefix)}`;
      if (!routes.has(key)) routes.set(key, route);
    }
  };
  const give = <T extends DeviceConfig['interfaces'][number] | DeviceConfig['vlans'][number]>(
    entry: T,
  ): T => {
    const lease = byInterface.get(entry.name);
    if (lease === undefined) return entry;
    const addresses = entry.addresses.includes(lease.address)
      ? entry.addresses
      : [...entry.addresses, lease.address];
    if (entry.dhcp_client === undefined)
      return isMember(config, entry.name) ? entry : { ...entry, addresses };
    add(entry.vrf, routesOf(lease, entry.vrf, entry.dhcp_client.default_route));
    if (lease.mtu === null || (entry.mtu !== undefined && entry.mtu <= lease.mtu))
      return { ...entry, addresses };
    return { ...entry, addresses, mtu: lease.mtu };
  };
  const interfaces = config.interfaces.map(give);
  const vlans = config.vlans.map(give);
  return { ...config, interfaces, vlans, routes: [...routes.values()] };
}

/** Of a bridge: it can have no address. */
export function isMember({ bridges }: DeviceConfig, name: string): boolean {
  return bridges.some(({ members }) => members.includes(name));
}

/** RFC 3442: where classless routes are given, the option of routers does not count. */
function routesOf(lease: DhcpClientLease, vrf: string, wantsDefault: boolean): RouteSection[] {
  const { routers } = lease;
  const given =
    lease.routes.length > 0
      ? lease.routes
      : routers.slice(0, 1).map((router) => ({ prefix: EVERYTHING, next_hop: router }));
  return given
    .filter(({ prefix }) => wantsDefault || canonical(prefix) !== EVERYTHING)
    .map(({ prefix, next_hop: router }) =>
      router === null
        ? { prefix, vrf, interface: lease.interface }
        : // The link is named: a router need not be on the network of the address.
          { prefix, vrf, next_hops: [{ address: router, interface: lease.interface, weight: 1 }] },
    );
}

/** Text forms of IPv4 prefixes do not vary but for host bits, which no route has. */
function canonical(prefix: string): string {
  return parseIp4Prefix(prefix)?.length === 0 ? EVERYTHING : prefix;
}
