// The Internet checksum (RFC 1071), computed over 16-bit loads in the processor's byte order: the sum is
// the same whatever the order (RFC 1071 section 2(B)), so results are stored with a 16-bit store too.

/** Folds a sum of up to 2^16 16-bit words to 16 bits. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/**
 * One's complement sum of `length` bytes at the even offset `at`, not yet complemented.
 * An odd last byte counts as if a zero byte followed.
 */
export function sumBytes(u16: Uint16Array, bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const words = length >>> 1;
  const start = at >>> 1;
  for (let i = 0; i < words; i++) sum += u16[start + i]!;
  if (length & 1) sum += bytes[at + length - 1]!;
  return foldSum(sum);
}

/** The checksum field's new value when a 16-bit word of what it covers changes: RFC 1624, equation 3. */
export function updateChecksum(checksum: number, before: number, after: number): number {
  return ~foldSum((~checksum & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}
