// ESP (RFC 4303 section 2) with AES-GCM (RFC 4106): SPI, sequence number, IV, payload, padding, pad length,
// next header, ICV.

export const ESP_SPI = 0;
export const ESP_SEQUENCE = 4;
export const ESP_HEADER_BYTES = 8;
/** Explicit IV of AES-GCM (RFC 4106 section 3.1). */
export const ESP_IV_BYTES = 8;
/** Pad length and next header. */
export const ESP_TRAILER_BYTES = 2;
/** Payload, padding and trailer together end on a 4-byte boundary (RFC 4303 section 2.4). */
export const ESP_ALIGNMENT = 4;
/** No next header: a dummy packet (RFC 4303 section 2.6). */
export const NEXT_HEADER_DUMMY = 59;

/** Octets of padding behind a payload of `length` octets, the trailer's two not counted. */
export function paddingBytes(length: number): number {
  return -(length + ESP_TRAILER_BYTES) & (ESP_ALIGNMENT - 1);
}

/** Largest inner packet whose ESP packet (IPv4, ESP in UDP, `icvBytes` of ICV) fits an outer MTU. */
export function innerMtu(outerMtu: number, udp: boolean, icvBytes: number): number {
  const room = outerMtu - 20 - (udp ? 8 : 0) - ESP_HEADER_BYTES - ESP_IV_BYTES - icvBytes;
  return (room & ~(ESP_ALIGNMENT - 1)) - ESP_TRAILER_BYTES;
}
