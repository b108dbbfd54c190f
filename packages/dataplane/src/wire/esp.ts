// ESP (RFC 4303 section 2): SPI, sequence number, IV, payload, padding, pad length, next header, ICV. How long IV, ICV
// and padding are is the algorithm's: see tables/esp-algorithms.ts.
import { IP4_PROTOCOL, PROTOCOL_UDP } from './ip4.js';
import { findIp6Upper, ip6Upper } from './ip6-extensions.js';
import { UDP_BYTES } from './udp.js';

export const ESP_SEQUENCE = 4;
export const ESP_HEADER_BYTES = 8;
/** Length of an IV that is the sequence number (RFC 4106 section 3.1 and those that follow it). */
export const ESP_SEQUENCE_IV_BYTES = 8;
/** Pad length and next header. */
export const ESP_TRAILER_BYTES = 2;
/** No next header: a dummy packet (RFC 4303 section 2.6). */
export const NEXT_HEADER_DUMMY = 59;

/** True when padding of `padding` octets at `from` is 1, 2, 3… (RFC 4303 section 2.4). */
export function isPadding(bytes: Uint8Array, from: number, padding: number): boolean {
  for (let i = 0; i < padding; i++) {
    if (bytes[from + i] !== i + 1) return false;
  }
  return true;
}

/** Where ESP begins in a packet of either family that carries it, or carries it in UDP; `end` is the packet's. */
export function espOffset(bytes: Uint8Array, ip: number, end: number): number {
  const first = bytes[ip]!;
  if (first >>> 4 !== 4) return espOffset6(bytes, ip, end);
  return ip + ((first & 15) << 2) + (bytes[ip + IP4_PROTOCOL] === PROTOCOL_UDP ? UDP_BYTES : 0);
}

function espOffset6(bytes: Uint8Array, ip: number, end: number): number {
  findIp6Upper(bytes, ip, end);
  return ip6Upper.at + (ip6Upper.protocol === PROTOCOL_UDP ? UDP_BYTES : 0);
}
