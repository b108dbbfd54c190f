// An SA's row in the table that workers read, as the control side writes it.
import type { SaSpec } from '@sluice/shared';
import { type EspTransform, espFormat } from '../tables/esp-algorithms.js';
import {
  MODE_TRANSPORT,
  MODE_TUNNEL,
  POLICY_DF,
  POLICY_DF_COPY,
  POLICY_DF_SET,
  POLICY_DSCP,
  POLICY_ECN,
  SA_ALIGNMENT,
  SA_COUNTERS,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_ESN,
  SA_FAMILY,
  SA_ICV_BYTES,
  SA_IP_ID,
  SA_IV_BYTES,
  SA_KEY,
  SA_MODE,
  SA_POLICY,
  SA_ROOM,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_TFC,
  SA_UDP_DST,
  SA_UDP_SRC,
  SA_WINDOW,
  SA_WORDS,
  SA_WORKER,
  type SaTable,
  WINDOW_BITS_MAX,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';
import { ESP_HEADER_BYTES, ESP_TRAILER_BYTES } from '../wire/esp.js';
import { IP4_BYTES } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';
import { UDP_BYTES } from '../wire/udp.js';
import { ipWords } from './ip-words.js';

const TWO_32 = 4294967296;
/** Before the outer IP header: 14 octets of Ethernet, to a multiple of 4, and a VLAN tag or two. */
const LINK_BYTES = 24;
/** No inner packet is longer than the path takes, whatever padding is asked for. */
const TFC_MAX = 65_535;

/** What the data plane needs to know of an SA's algorithms. */
export function transformOf({ crypto }: SaSpec): EspTransform {
  return { cipher: crypto.cipher, integrity: crypto.integrity, icvBytes: crypto.icv_bytes };
}

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
  const { ivBytes, alignment, icvBytes } = espFormat(transformOf(spec));
  words[at + SA_SPI] = spec.spi | 0;
  words[at + SA_KEY] = row;
  words[at + SA_WORKER] = worker;
  words[at + SA_IV_BYTES] = ivBytes;
  words[at + SA_ICV_BYTES] = icvBytes;
  words[at + SA_ALIGNMENT] = alignment;
  words[at + SA_MODE] = spec.mode === 'tunnel' ? MODE_TUNNEL : MODE_TRANSPORT;
  words[at + SA_ESN] = spec.esn ? 1 : 0;
  words[at + SA_WINDOW] = windowBits(spec.replay_window);
  if (spec.direction === 'out') words[at + SA_IP_ID] = (spec.spi ^ (spec.spi >>> 16)) & 0xffff;
  words[at + SA_SEQ_LOW] = sequence | 0;
  words[at + SA_SEQ_HIGH] = Math.floor(sequence / TWO_32) | 0;
  // Where a window opened before, everything up to the highest number counts as seen.
  if (spec.direction === 'in' && sequence > 0)
    windows.fill(-1, row << WINDOW_SHIFT, (row + 1) << WINDOW_SHIFT);
  writeSaChanges(table, row, spec);
}

/** What may change while the SA is in use: outer addresses of one family, ports, and what headers share. */
export function writeSaChanges({ words }: SaTable, row: number, spec: SaSpec): void {
  const at = row << SA_SHIFT;
  const { ivBytes, alignment, icvBytes } = espFormat(transformOf(spec));
  const { family, words: dst } = ipWords(spec.dst);
  words.set(ipWords(spec.src).words, at + SA_SRC);
  words.set(dst, at + SA_DST);
  words[at + SA_FAMILY] = family;
  words[at + SA_UDP_SRC] = spec.encap?.src_port ?? 0;
  words[at + SA_UDP_DST] = spec.encap?.dst_port ?? 0;
  words[at + SA_POLICY] =
    (spec.dscp === 'copy' ? POLICY_DSCP : 0) | (spec.ecn ? POLICY_ECN : 0) | dfBits(spec.df);
  words[at + SA_TFC] = spec.mode === 'tunnel' ? Math.min(spec.tfc_bytes ?? 0, TFC_MAX) : 0;
  const outer = spec.mode === 'tunnel' ? (family === 4 ? IP4_BYTES : IP6_BYTES) : 0;
  const head = LINK_BYTES + outer + UDP_BYTES + ESP_HEADER_BYTES + ivBytes;
  words[at + SA_ROOM] = (head << 16) | (alignment - 1 + ESP_TRAILER_BYTES + icvBytes);
}

/** DF of outer packets alone, which a tunnel may have its own word on. */
export function writeSaDf({ words }: SaTable, row: number, df: SaSpec['df']): void {
  const at = (row << SA_SHIFT) + SA_POLICY;
  words[at] = (words[at]! & ~POLICY_DF) | dfBits(df);
}

function dfBits(df: SaSpec['df']): number {
  return df === 'set' ? POLICY_DF_SET : df === 'copy' ? POLICY_DF_COPY : 0;
}

/** The window's bits are a ring: a power of two, of whole words. */
function windowBits(packets: number): number {
  if (packets === 0) return 0;
  let bits = 32;
  while (bits < packets && bits < WINDOW_BITS_MAX) bits *= 2;
  return bits;
}
