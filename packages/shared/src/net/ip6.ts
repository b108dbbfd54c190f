// IPv6 addresses and prefixes as four unsigned 32-bit words, the most significant first.
import { formatIp4, parseIp4 } from './ip4.js';

/** Four unsigned 32-bit words: octets 0–3, 4–7, 8–11, 12–15. */
export type Ip6Words = readonly [number, number, number, number];

const GROUPS = 8;

/** Reads the text forms of RFC 4291 section 2.2, without a zone. Null when it is none. */
export function parseIp6(text: string): Ip6Words | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const left = groupsOf(halves[0]!, halves.length === 1);
  const right = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (left === null || right === null) return null;
  const missing = GROUPS - left.length - right.length;
  // RFC 5952 section 4.2.2 has writers not shorten a single group; RFC 4291 lets readers accept it.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  const word = (at: number): number => groups[at]! * 65536 + groups[at + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

/** The 16-bit groups of one side of `::`; the last may be dotted quad when `last`. */
function groupsOf(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const quad = last && i === parts.length - 1 ? parseIp4(part) : null;
      if (quad === null) return null;
      groups.push(quad >>> 16, quad & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** The canonical text of RFC 5952; an IPv4-mapped address ends in dotted quad (section 5). Words signed or unsigned. */
export function formatIp6(words: ArrayLike<number>): string {
  const groups: number[] = [];
  for (let i = 0; i < 4; i++) groups.push(words[i]! >>> 16, words[i]! & 0xffff);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIp4(words[3]!)}`;
  }
  const { at, length } = longestZeros(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return length < 2 ? text(0, GROUPS) : `${text(0, at)}::${text(at + length, GROUPS)}`;
}

/** The first of the longest runs of zero groups (RFC 5952 section 4.2.3). */
function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < GROUPS; at++) {
    let length = 0;
    while (at + length < GROUPS && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  return best;
}

export interface Ip6Prefix {
  /** As written, host bits included. */
  address: Ip6Words;
  /** 0 to 128. */
  length: number;
}

/** Reads `address/n`. Null when it is not that. Host bits are kept: `2001:db8::1/64` is an interface address. */
export function parseIp6Prefix(text: string): Ip6Prefix | null {
  const slash = text.indexOf('/');
  if (slash < 0) return null;
  const address = parseIp6(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (address === null || !/^(0|[1-9]\d{0,2})$/.test(bits)) return null;
  const length = Number(bits);
  return length > 128 ? null : { address, length };
}

export function formatIp6Prefix(prefix: Ip6Prefix): string {
  return `${formatIp6(prefix.address)}/${prefix.length}`;
}

/** The mask of a prefix length's word `index`, 0 to 3, as an unsigned number. */
export function ip6MaskWord(length: number, index: number): number {
  const bits = Math.min(32, Math.max(0, length - 32 * index));
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** The prefix's network address: host bits cleared. */
export function networkOf6(prefix: Ip6Prefix): Ip6Words {
  const word = (i: number): number => (prefix.address[i]! & ip6MaskWord(prefix.length, i)) >>> 0;
  return [word(0), word(1), word(2), word(3)];
}

/** True when no bit beyond the length is set. */
export function isNetwork6(prefix: Ip6Prefix): boolean {
  return equals6(networkOf6(prefix), prefix.address);
}

/** True when the address is inside the prefix. */
export function contains6(prefix: Ip6Prefix, address: ArrayLike<number>): boolean {
  for (let i = 0; i < 4; i++) {
    if ((prefix.address[i]! ^ address[i]!) & ip6MaskWord(prefix.length, i)) return false;
  }
  return true;
}

export function equals6(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return ((a[0]! ^ b[0]!) | (a[1]! ^ b[1]!) | (a[2]! ^ b[2]!) | (a[3]! ^ b[3]!)) === 0;
}

/** fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal6(address: ArrayLike<number>): boolean {
  return (address[0]! & 0xffc00000) >>> 0 === 0xfe800000;
}

/** ff00::/8. */
export function isMulticast6(address: ArrayLike<number>): boolean {
  return address[0]! >>> 24 === 0xff;
}
