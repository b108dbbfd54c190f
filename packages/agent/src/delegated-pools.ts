// A DHCPv6 server whose pools and reservations are relative to a delegated prefix, with those of the subnet of the moment.
import {
  type DelegatedPrefix,
  type Dhcp6ServerSection,
  formatIp6Number,
  ip6Number,
  isRelative6,
  parseIp6,
  parseIp6Prefix,
  parseIp6Range,
} from '@sluice/shared';

/** @param delegated What the link's interface says of delegated prefixes; what was taken back has no time left. */
export function withDelegatedPools(
  server: Dhcp6ServerSection,
  delegated: readonly DelegatedPrefix[],
): Dhcp6ServerSection {
  const current = delegated.find(({ valid_until_ms }) => valid_until_ms > 0);
  const prefix = current === undefined ? null : parseIp6Prefix(current.prefix);
  const subnet = prefix === null ? null : ip6Number(prefix.address);
  const pools = server.pools.flatMap((pool) => {
    const range = parseIp6Range(pool.range);
    if (range === null || !isRelative6(range)) return [pool];
    if (subnet === null) return [];
    return [{ range: `${formatIp6Number(subnet + range.first)}-${formatIp6Number(subnet + range.last)}` }];
  });
  const reservations = server.reservations.flatMap((reservation) => {
    const { address, ...rest } = reservation;
    const words = parseIp6(address ?? '');
    const number = words === null ? null : ip6Number(words);
    if (number === null || !isRelative6({ first: number, last: number })) return [reservation];
    if (subnet !== null) return [{ ...rest, address: formatIp6Number(subnet + number) }];
    return rest.prefix === undefined ? [] : [rest];
  });
  return { ...server, pools, reservations };
}
