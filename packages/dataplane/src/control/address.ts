// An address of either family on the control side: a number is IPv4, four words are IPv6.
import {
  equals6,
  formatIp4,
  formatIp6,
  type Ip6Words,
  isLinkLocal6,
  parseIp4,
  parseIp6,
} from '@sluice/shared';

/** Unsigned 32-bit IPv4 address, or the four unsigned words of an IPv6 one, the most significant first. */
export type Address = number | Ip6Words;

export function isIp4(address: Address): address is number {
  return typeof address === 'number';
}

export function formatAddress(address: Address): string {
  return isIp4(address) ? formatIp4(address) : formatIp6(address);
}

/** Null when the text is an address of neither family. */
export function parseAddress(text: string): Address | null {
  return parseIp4(text) ?? parseIp6(text);
}

export function sameAddress(a: Address, b: Address): boolean {
  if (isIp4(a) || isIp4(b)) return a === b;
  return equals6(a, b);
}

/** True for what means another host on each link: fe80::/10. Routes of a whole VRF never lead to one. */
export function isLinkLocal(address: Address): boolean {
  return !isIp4(address) && isLinkLocal6(address);
}

/** What a map is keyed by. */
export function addressKey(address: Address): string {
  return isIp4(address) ? String(address) : address.join(':');
}
