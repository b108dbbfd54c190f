// Addresses of interfaces, of either family: what is made of them, and how they are compared.
import { type Ip4Prefix, type Ip6Prefix, isLinkLocal6, parseIp4Prefix, parseIp6Prefix } from '@sluice/shared';
import { ADJ_LOCAL, type NewAdjacency } from '../tables/adjacencies.js';
import { linkLocalOf, withoutZone } from '../tables/ip6-scope.js';
import { type Address, isIp4, sameAddress } from './address.js';
import type { Implied, InterfaceAddress } from './implied-routes.js';
import type { Interface } from './interface.js';

/** fe80::/64 (RFC 4291 section 2.5.6). */
const LINK_LOCAL_LENGTH = 64;

/** The address of a family that errors come from: an interface's own first one, or one that is lent; null for none. */
export function answersFrom(
  entry: Interface,
  lenders: readonly Interface[],
  of: (entry: Interface) => readonly InterfaceAddress[],
): Address | null {
  const own = of(entry)[0];
  if (own !== undefined) return own.address;
  const near = lenders.filter((lender) => lender.vrf === entry.vrf);
  const { outerAddress } = entry;
  const inside = near.find(
    (lender) =>
      outerAddress === null || of(lender).every(({ address }) => !sameAddress(address, outerAddress)),
  );
  const lender = inside ?? near[0];
  return lender === undefined ? null : of(lender)[0]!.address;
}

/** The box's own adjacency of an implied route; without a next hop it is everyone's. */
export function localRow(entry: Interface, { source, address }: Implied): NewAdjacency {
  const row = { kind: ADJ_LOCAL, interface: entry.row, mtu: entry.mtu };
  if (source !== 'local') return row;
  return isIp4(address) ? { ...row, nextHop: address } : { ...row, nextHop6: withoutZone(address) };
}

/** A link has a link-local address (RFC 4291 section 2.1), made of its MAC address unless one is configured. */
export function withLinkLocal(addresses: InterfaceAddress[], { macOctets }: Interface): InterfaceAddress[] {
  const four = addresses.filter(isIp4Prefix);
  const six = addresses.filter(isIp6Prefix);
  const has = six.some(({ address }) => isLinkLocal6(address));
  const own =
    macOctets === null || has ? [] : [{ address: linkLocalOf(macOctets), length: LINK_LOCAL_LENGTH }];
  return [...four, ...six, ...own];
}

/** IPv6 addresses that mean the same everywhere. */
export function globals6({ addresses6 }: Interface): Ip6Prefix[] {
  return addresses6.filter(({ address }) => !isLinkLocal6(address));
}

export function isIp4Prefix(prefix: InterfaceAddress): prefix is Ip4Prefix {
  return isIp4(prefix.address);
}

export function isIp6Prefix(prefix: InterfaceAddress): prefix is Ip6Prefix {
  return !isIp4(prefix.address);
}

export function parsePrefix(text: string): InterfaceAddress | null {
  return parseIp4Prefix(text) ?? parseIp6Prefix(text);
}

export function samePrefixes(a: readonly InterfaceAddress[], b: readonly InterfaceAddress[]): boolean {
  return (
    a.length === b.length &&
    a.every((prefix, i) => prefix.length === b[i]!.length && sameAddress(prefix.address, b[i]!.address))
  );
}
