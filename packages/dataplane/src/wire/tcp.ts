// The TCP header (RFC 9293 section 3.1), and the one option that concerns whoever carries it: the maximum segment size.
import { updateChecksum } from './checksum.js';
import { readU16, swap16, writeU16 } from './ip4.js';

export const TCP_BYTES = 20;
/** Header length in 32-bit words, in the upper four bits. */
const TCP_OFFSET = 12;
export const TCP_FLAGS = 13;
const TCP_CHECKSUM = 16;

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const OPTION_MSS_BYTES = 4;

/**
 * Lowers the maximum segment size that a SYN offers to `most`, and the checksum with it (RFC 1624). True when it did.
 * The header is at `tcp`, its packet ends at `end`; options that make no sense are left as they are, with all behind
 * them.
 */
export function clampMss(bytes: Uint8Array, tcp: number, end: number, most: number): boolean {
  if (tcp + TCP_BYTES > end || (bytes[tcp + TCP_FLAGS]! & TCP_SYN) === 0) return false;
  const stop = Math.min(end, tcp + (bytes[tcp + TCP_OFFSET]! >>> 4) * 4);
  let clamped = false;
  for (let at = tcp + TCP_BYTES; at < stop; ) {
    const kind = bytes[at]!;
    if (kind === OPTION_END) break;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const size = at + 1 < stop ? bytes[at + 1]! : 0;
    if (size < 2 || at + size > stop) break;
    if (kind === OPTION_MSS && size === OPTION_MSS_BYTES && readU16(bytes, at + 2) > most) {
      lower(bytes, tcp, at + 2, most);
      clamped = true;
    }
    at += size;
  }
  return clamped;
}

function lower(bytes: Uint8Array, tcp: number, at: number, value: number): void {
  const before = readU16(bytes, at);
  writeU16(bytes, at, value);
  const checksum = readU16(bytes, tcp + TCP_CHECKSUM);
  // At an odd offset its octets are in two words of the sum, each in the other half than in the value.
  const odd = ((at - tcp) & 1) === 1;
  const updated = updateChecksum(checksum, odd ? swap16(before) : before, odd ? swap16(value) : value);
  writeU16(bytes, tcp + TCP_CHECKSUM, updated);
}

/**
 * True for a fragment with octets `start` to `stop` that leaves part of the TCP header to another one, and for that other
 * one (RFC 1858 section 3.2.1, RFC 3128 section 2.1): filters on the way see half of it.
 */
export function isTinyTcp(start: number, stop: number): boolean {
  return start < TCP_BYTES && (start > 0 || stop < TCP_BYTES);
}
