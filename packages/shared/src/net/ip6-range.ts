// IPv6 addresses as numbers, and ranges of them as a configuration writes them: `2001:db8::100-2001:db8::1ff`, or one
// address. Numbers of 128 bits are for the control side alone.
import { formatIp6, type Ip6Prefix, type Ip6Words, ip6MaskWord, parseIp6 } from './ip6.js';

export const IP6_BITS = 128;

/** Both ends belong to it. */
export interface Ip6Range {
  first: bigint;
  last: bigint;
}

export function ip6Number(words: Ip6Words): bigint {
  return words.reduce((number, word) => (number << 32n) | BigInt(word >>> 0), 0n);
}

export function ip6WordsOf(number: bigint): Ip6Words {
  const word = (shift: bigint): number => Number((number >> shift) & 0xffffffffn);
  return [word(96n), word(64n), word(32n), word(0n)];
}

export function formatIp6Number(number: bigint): string {
  return formatIp6(ip6WordsOf(number));
}

/** Null for what is no range, one that runs backwards included. */
export function parseIp6Range(text: string): Ip6Range | null {
  const dash = text.indexOf('-');
  const first = parseIp6((dash < 0 ? text : text.slice(0, dash)).trim());
  const last = dash < 0 ? first : parseIp6(text.slice(dash + 1).trim());
  if (first === null || last === null) return null;
  const range = { first: ip6Number(first), last: ip6Number(last) };
  return range.last < range.first ? null : range;
}

/** Of a /64 that is not known yet: `::100-::1ff`. Such addresses are nobody's otherwise (RFC 4291 section 2.5.5). */
export function isRelative6({ last }: Ip6Range): boolean {
  return last < 1n << 64n;
}

/** All addresses of a prefix, whatever its host bits are. */
export function rangeOf6({ address, length }: Ip6Prefix): Ip6Range {
  const mask = ip6Number([0, 1, 2, 3].map((i) => ip6MaskWord(length, i)) as unknown as Ip6Words);
  const first = ip6Number(address) & mask;
  return { first, last: first + (1n << BigInt(IP6_BITS - length)) - 1n };
}

export function inRange6({ first, last }: Ip6Range, address: bigint): boolean {
  return address >= first && address <= last;
}

export function rangesOverlap6(a: Ip6Range, b: Ip6Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}
