// An SA's row in the table that workers read, as the control side writes it.
import { ip4Mask, parseIp4, parseIp4Prefix, type SaSpec } from '@sluice/shared';
import {
  SA_COUNTERS,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_ESN,
  SA_ICV_BYTES,
  SA_IP_ID,
  SA_KEY,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_TS_DST,
  SA_TS_DST_MASK,
  SA_TS_PROTOCOL,
  SA_TS_SRC,
  SA_TS_SRC_MASK,
  SA_UDP_DST,
  SA_UDP_SRC,
  SA_WINDOW,
  SA_WORDS,
  SA_WORKER,
  type SaTable,
  WINDOW_BITS_MAX,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';

const TWO_32 = 4294967296;
const EVERYTHING = { src: '0.0.0.0/0', dst: '0.0.0.0/0', protocol: 0 };

/** Writes a row that no worker can find yet: all but state and tunnel. `sequence` is the last number used or seen. */
export function writeSaRow(
  table: SaTable,
  row: number,
  worker: number,
  spec: SaSpec,
  sequence: number,
): void {
  const { words, windows, counters } = table;
  const at = row << SA_SHIFT;
  words.fill(0, at, at + SA_WORDS);
  windows.fill(0, row << WINDOW_SHIFT, (row + 1) << WINDOW_SHIFT);
  counters.fill(0, row << SA_COUNTERS_SHIFT, (row << SA_COUNTERS_SHIFT) + SA_COUNTERS);
  words[at + SA_SPI] = spec.spi | 0;
  words[at + SA_KEY] = row;
  words[at + SA_WORKER] = worker;
  words[at + SA_ICV_BYTES] = spec.crypto.icv_bytes;
  words[at + SA_ESN] = spec.esn ? 1 : 0;
  words[at + SA_WINDOW] = windowBits(spec.replay_window);
  words[at + SA_IP_ID] = (spec.spi ^ (spec.spi >>> 16)) & 0xffff;
  words[at + SA_SEQ_LOW] = sequence | 0;
  words[at + SA_SEQ_HIGH] = Math.floor(sequence / TWO_32) | 0;
  // Where a window opened before, everything up to the highest number counts as seen.
  if (spec.direction === 'in' && sequence > 0)
    windows.fill(-1, row << WINDOW_SHIFT, (row + 1) << WINDOW_SHIFT);
  writeSaAddresses(table, row, spec);
  writeSaSelector(table, row, spec);
}

/** Outer addresses and ports, which may change while the SA is in use. */
export function writeSaAddresses({ words }: SaTable, row: number, spec: SaSpec): void {
  const at = row << SA_SHIFT;
  words[at + SA_SRC] = (parseIp4(spec.src) ?? 0) | 0;
  words[at + SA_DST] = (parseIp4(spec.dst) ?? 0) | 0;
  words[at + SA_UDP_SRC] = spec.encap?.src_port ?? 0;
  words[at + SA_UDP_DST] = spec.encap?.dst_port ?? 0;
}

/**
 * What may be inside, which arrives after the SA (charon adds policies last) and may change. Throws when a prefix is
 * none of IPv4; the row is as before then.
 */
export function writeSaSelector({ words }: SaTable, row: number, { selectors }: SaSpec): void {
  const at = row << SA_SHIFT;
  const { src, dst, protocol } = (selectors?.length === 1 ? selectors[0] : null) ?? EVERYTHING;
  const [from, to] = [parseIp4Prefix(src), parseIp4Prefix(dst)];
  if (from === null || to === null)
    throw new Error(`a selector from ${src} to ${dst} is not of IPv4 prefixes`);
  // Masks last, and zero meanwhile: a packet that comes by while they change is let through, not dropped.
  for (const word of [SA_TS_SRC_MASK, SA_TS_DST_MASK]) Atomics.store(words, at + word, 0);
  Atomics.store(words, at + SA_TS_SRC, from.address | 0);
  Atomics.store(words, at + SA_TS_DST, to.address | 0);
  Atomics.store(words, at + SA_TS_PROTOCOL, protocol);
  Atomics.store(words, at + SA_TS_SRC_MASK, ip4Mask(from.length) | 0);
  Atomics.store(words, at + SA_TS_DST_MASK, ip4Mask(to.length) | 0);
}

/** The window's bits are a ring: a power of two, of whole words. */
function windowBits(packets: number): number {
  if (packets === 0) return 0;
  let bits = 32;
  while (bits < packets && bits < WINDOW_BITS_MAX) bits *= 2;
  return bits;
}
