// Addresses as tables have them: a family and four words in host order, the most significant first; of IPv4 the first.
import { parseIp4, parseIp6 } from '@sluice/shared';

export interface IpWords {
  family: 4 | 6;
  words: readonly [number, number, number, number];
}

/** Reads an address of either family. Throws when it is none. */
export function ipWords(text: string): IpWords {
  const four = parseIp4(text);
  if (four !== null) return { family: 4, words: [four | 0, 0, 0, 0] };
  const six = parseIp6(text);
  if (six === null) throw new Error(`"${text}" is no IPv4 or IPv6 address`);
  return { family: 6, words: [six[0] | 0, six[1] | 0, six[2] | 0, six[3] | 0] };
}
