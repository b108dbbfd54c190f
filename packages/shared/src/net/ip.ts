// Addresses of either family as text.
import { formatIp4, parseIp4 } from './ip4.js';
import { formatIp6, parseIp6 } from './ip6.js';

/** 4 or 6; null when the text is no address. */
export function ipFamily(text: string): 4 | 6 | null {
  if (parseIp4(text) !== null) return 4;
  return parseIp6(text) !== null ? 6 : null;
}

/** An address in the one form that all tools print (RFC 5952 for IPv6); null when the text is none. */
export function canonicalIp(text: string): string | null {
  const four = parseIp4(text);
  if (four !== null) return formatIp4(four);
  const six = parseIp6(text);
  return six === null ? null : formatIp6(six);
}
