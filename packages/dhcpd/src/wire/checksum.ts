// The Internet checksum (RFC 1071).

/** Sum of 16-bit words, an odd octet as the high half of its word; not yet folded. */
export function sumWords(bytes: Uint8Array, from: number, to: number, start = 0): number {
  let sum = start;
  for (let at = from; at + 1 < to; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  if ((to - from) & 1) sum += bytes[to - 1]! << 8;
  return sum;
}

/** The checksum of a sum: folded into 16 bits, and complemented. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
