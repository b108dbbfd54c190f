// Ranges of IPv4 addresses as a configuration writes them: `10.1.0.100-10.1.0.199`, or one address.
import { formatIp4, parseIp4 } from './ip4.js';

/** Both ends belong to it; unsigned. */
export interface Ip4Range {
  first: number;
  last: number;
}

/** Null for what is no range, one that runs backwards included. */
export function parseIp4Range(text: string): Ip4Range | null {
  const dash = text.indexOf('-');
  const first = parseIp4((dash < 0 ? text : text.slice(0, dash)).trim());
  const last = dash < 0 ? first : parseIp4(text.slice(dash + 1).trim());
  return first === null || last === null || last < first ? null : { first, last };
}

export function formatIp4Range({ first, last }: Ip4Range): string {
  return first === last ? formatIp4(first) : `${formatIp4(first)}-${formatIp4(last)}`;
}

export function inRange({ first, last }: Ip4Range, address: number): boolean {
  return address >= first && address <= last;
}

export function rangesOverlap(a: Ip4Range, b: Ip4Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}
