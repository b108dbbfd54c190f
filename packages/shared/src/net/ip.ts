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

/** The four or sixteen octets of an address, as on the wire. Errors: RangeError for a text that is none. */
export function ipBytes(text: string): Uint8Array {
  const four = parseIp4(text);
  const words = four === null ? parseIp6(text) : [four];
  if (words === null) throw new RangeError(`${text} is not an address`);
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, at) => {
    view.setUint32(at * 4, word);
  });
  return new Uint8Array(view.buffer);
}
