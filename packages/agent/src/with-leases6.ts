// The configuration with what DHCPv6 servers have given to its interfaces, as if it had been written there.
import {
  type DelegatedPrefix,
  type DeviceConfig,
  type Dhcp6ClientLease,
  formatIp6Prefix,
  ip6Number,
  ip6WordsOf,
  parseIp6Prefix,
  SUBNET_LENGTH,
  subnetOf6,
} from '@sluice/shared';
import { isMember } from './with-leases.js';

const HOST_LENGTH = 128;

/** A subnet of a delegated prefix, and the interface that it is given to. */
interface Assigned extends DelegatedPrefix {
  interface: string;
  /** The box's own there, with the length of the subnet. */
  address: string;
}

/**
 * Addresses are added, and for each delegated prefix a route that refuses what no interface has of it (RFC 7084 WPD-5). An
 * interface that asks no more has its address until that was given back, which it cannot be without.
 */
export function withLeases6(config: DeviceConfig, leases: readonly Dhcp6ClientLease[]): DeviceConfig {
  if (leases.length === 0) return config;
  const given = new Map<string, string[]>();
  const routes = [...config.routes];
  const give = (name: string, address: string): void => {
    given.set(name, [...(given.get(name) ?? []), address]);
  };
  for (const entry of config.interfaces) {
    const lease = leaseOf(entry, leases);
    if (lease === undefined) continue;
    if (entry.dhcp6_client?.address ?? !isMember(config, entry.name))
      for (const { address } of lease.addresses) give(entry.name, `${address}/${HOST_LENGTH}`);
    const assigned = assignedOf(entry, lease);
    for (const { interface: name, address } of assigned) give(name, address);
    const { prefix } = lease;
    if (prefix === null || entry.dhcp6_client?.prefix_delegation === undefined) continue;
    // A /64 that an interface has is its route already.
    const isWhole = assigned.some((one) => one.prefix === prefix.prefix);
    const isRouted = routes.some((route) => route.vrf === entry.vrf && route.prefix === prefix.prefix);
    if (!isWhole && !isRouted) routes.push({ prefix: prefix.prefix, vrf: entry.vrf, unreachable: true });
  }
  const extend = <T extends { name: string; addresses: string[] }>(entry: T): T => {
    const more = (given.get(entry.name) ?? []).filter((address) => !entry.addresses.includes(address));
    return more.length === 0 ? entry : { ...entry, addresses: [...entry.addresses, ...more] };
  };
  return {
    ...config,
    interfaces: config.interfaces.map(extend),
    vlans: config.vlans.map(extend),
    bridges: config.bridges.map(extend),
    routes,
  };
}

/** What an interface is to say of delegated prefixes to its hosts: those that it has, and those that it has no more. */
export function delegatedTo(
  config: DeviceConfig,
  leases: readonly Dhcp6ClientLease[],
  name: string,
): DelegatedPrefix[] {
  return config.interfaces.flatMap((entry) => {
    const lease = leaseOf(entry, leases);
    const section = entry.dhcp6_client?.prefix_delegation?.assign.find((one) => one.interface === name);
    if (lease === undefined || section === undefined) return [];
    const now = assignedOf(entry, lease).filter((one) => one.interface === name);
    const past = lease.withdrawn
      .map(({ prefix }) => subnetText(prefix, section.subnet))
      .filter((prefix) => prefix !== null && !now.some((one) => one.prefix === prefix))
      .map((prefix) => ({ prefix: prefix!, preferred_until_ms: 0, valid_until_ms: 0 }));
    return [
      ...now.map(({ prefix, preferred_until_ms, valid_until_ms }) => ({
        prefix,
        preferred_until_ms,
        valid_until_ms,
      })),
      ...past,
    ];
  });
}

function leaseOf(
  { name, enabled }: DeviceConfig['interfaces'][number],
  leases: readonly Dhcp6ClientLease[],
): Dhcp6ClientLease | undefined {
  return enabled ? leases.find((lease) => lease.interface === name) : undefined;
}

function assignedOf(entry: DeviceConfig['interfaces'][number], { prefix }: Dhcp6ClientLease): Assigned[] {
  const whole = prefix === null ? null : parseIp6Prefix(prefix.prefix);
  if (prefix === null || whole === null) return [];
  return (entry.dhcp6_client?.prefix_delegation?.assign ?? []).flatMap(({ interface: name, subnet }) => {
    // One that the prefix does not have is a problem that the DHCP process tells of.
    const network = subnetOf6(whole, SUBNET_LENGTH, subnet);
    if (network === null) return [];
    const address = formatIp6Prefix({ ...network, address: ip6WordsOf(ip6Number(network.address) + 1n) });
    return [{ ...prefix, prefix: formatIp6Prefix(network), interface: name, address }];
  });
}

function subnetText(text: string, subnet: number): string | null {
  const prefix = parseIp6Prefix(text);
  const network = prefix === null ? null : subnetOf6(prefix, SUBNET_LENGTH, subnet);
  return network === null ? null : formatIp6Prefix(network);
}
