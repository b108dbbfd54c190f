// The inbound SA of a received ESP packet (RFC 4301 section 4.1): by SPI and destination.
import type { HashU32 } from './hash-u32.js';
import {
  SA_DST,
  SA_FAMILY,
  SA_INBOUND,
  SA_SHIFT,
  SA_STATE,
  type SaTable,
  spiScope,
} from './security-associations.js';

/** The row of the inbound SA of an SPI and an IPv4 destination, or -1. */
export function inboundSa4({ words }: SaTable, spis: HashU32, spi: number, dst: number): number {
  const row = spis.lookup(spi, dst);
  if (row < 0) return -1;
  // A row may have become another SA's since it was looked up in.
  const at = row << SA_SHIFT;
  return words[at + SA_STATE] === SA_INBOUND && words[at + SA_DST] === dst && words[at + SA_FAMILY] === 4
    ? row
    : -1;
}

/** The same for IPv6, four words of the destination, where the table knows but a hash of it. */
export function inboundSa6(
  { words }: SaTable,
  spis: HashU32,
  spi: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  const row = spis.lookup(spi, spiScope(6, w0, w1, w2, w3));
  if (row < 0) return -1;
  const at = row << SA_SHIFT;
  return words[at + SA_STATE] === SA_INBOUND &&
    words[at + SA_FAMILY] === 6 &&
    words[at + SA_DST] === w0 &&
    words[at + SA_DST + 1] === w1 &&
    words[at + SA_DST + 2] === w2 &&
    words[at + SA_DST + 3] === w3
    ? row
    : -1;
}
