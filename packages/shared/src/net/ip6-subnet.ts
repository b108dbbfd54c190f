// Subnets of an IPv6 prefix, by their number.
import { type Ip6Prefix, networkOf6 } from './ip6.js';
import { IP6_BITS, ip6Number, ip6WordsOf } from './ip6-range.js';

/** The prefix of `length` bits that is number `subnet` of those in `prefix`; null where there are not so many. */
export function subnetOf6(prefix: Ip6Prefix, length: number, subnet: number): Ip6Prefix | null {
  const bits = length - prefix.length;
  if (bits < 0 || BigInt(subnet) >= 1n << BigInt(bits)) return null;
  const first = ip6Number(networkOf6(prefix));
  return { address: ip6WordsOf(first | (BigInt(subnet) << BigInt(IP6_BITS - length))), length };
}
