// What is in a UDP packet to port 4500: ESP, IKE behind the non-ESP marker, or a keepalive (RFC 3948 section 2).
import { readI32, readU16 } from './ip4.js';
import { PORT_IKE_NAT, UDP_BYTES, UDP_DST } from './udp.js';

/** Nothing of ESP's: another port, IKE, or too short to tell. */
export const UDP_OTHER = 0;
export const UDP_ESP = 1;
export const UDP_KEEPALIVE = 2;

/** Four zero octets where an SPI would be: what follows is IKE. */
const NON_ESP_MARKER_BYTES = 4;
/** The one octet of a keepalive (RFC 3948 section 2.3). */
const KEEPALIVE = 0xff;

/** UDP_… of the UDP packet at `udp`, of `length` octets with its header. */
export function classifyUdp(bytes: Uint8Array, udp: number, length: number): number {
  if (length <= UDP_BYTES || readU16(bytes, udp + UDP_DST) !== PORT_IKE_NAT) return UDP_OTHER;
  if (length === UDP_BYTES + 1 && bytes[udp + UDP_BYTES] === KEEPALIVE) return UDP_KEEPALIVE;
  if (length >= UDP_BYTES + NON_ESP_MARKER_BYTES && readI32(bytes, udp + UDP_BYTES) !== 0) return UDP_ESP;
  return UDP_OTHER;
}
