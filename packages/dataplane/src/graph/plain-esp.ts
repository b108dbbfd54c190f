// ESP for the box among plain packets: what ip4-lookup, ip4-local and esp-input would find, once for all packets of a
// vector that have one SPI and destination.
//
// Packets of many SAs are left to esp-input, which looks them up together. From the first of those on all of a vector are:
// so packets of one SA stay in order.
import { ADJ_KIND, ADJ_LOCAL, ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import { inboundSa4 } from '../tables/inbound-sas.js';
import { SA_SHIFT, SA_WORKER } from '../tables/security-associations.js';
import { ESP_HEADER_BYTES } from '../wire/esp.js';
import { IP4_BYTES, swap32 } from '../wire/ip4.js';
import type { NodeContext } from './context.js';

/** SPIs that are looked up here at most, of a vector. Tuning. */
const LOOKUPS_MAX = 8;
/** Octets of an IPv4 header without options, and the least with ESP. */
const HEADER = IP4_BYTES;
const LEAST = IP4_BYTES + ESP_HEADER_BYTES;
/** All of a header's second word but the identification and DF, as a little-endian load finds it: zero of what is no fragment. */
const FRAGMENT = 0xffbf_0000 | 0;
/** Instead of a VRF: nothing is known. */
const NOWHERE = -1;
const NOT_OURS = -1;

export interface PlainEsp {
  /** A new vector: what was known of the last one may have changed. */
  begin(): void;
  /**
   * Where the ESP packet of `total` octets goes on whose plain IPv4 header is at word `word`, by routes of the VRF
   * `table`: `input`, or `decrypt` with aux and aux2 set; below zero when it is not for the box, or a fragment.
   */
  next(packet: number, word: number, total: number, table: number): number;
}

/** Makes it for a worker: see NodeDefinition.make. `input` and `decrypt` are indices of whoever asks. */
export function makePlainEsp(context: NodeContext, input: number, decrypt: number): PlainEsp {
  const { pool, fib, adjacencies, sas, spis, worker } = context;
  const { i32, aux, aux2 } = pool;
  // Of the last packet that went to `decrypt`.
  let knownTable = NOWHERE;
  let knownTo = 0;
  let knownSpi = 0;
  let known = 0;
  // Of the last one that was looked up.
  let boxTable = NOWHERE;
  let boxTo = 0;
  let isBox = false;
  let lookups = 0;

  function begin(): void {
    knownTable = NOWHERE;
    boxTable = NOWHERE;
    lookups = 0;
  }

  function look(packet: number, word: number, table: number): number {
    const to = i32[word + 4]!;
    const spi = i32[word + 5]!;
    if (table !== boxTable || to !== boxTo) {
      const row = fib.lookup(table, swap32(to)) << ADJ_SHIFT;
      // Of a broadcast or a group the box's adjacency names no address.
      isBox = adjacencies[row + ADJ_KIND] === ADJ_LOCAL && adjacencies[row + ADJ_NEXT_HOP] !== 0;
      boxTable = table;
      boxTo = to;
    }
    if (!isBox) return NOT_OURS;
    knownTable = NOWHERE;
    if (lookups === LOOKUPS_MAX) return input;
    lookups++;
    const row = inboundSa4(sas, spis, swap32(spi), swap32(to));
    if (row < 0 || sas.words[(row << SA_SHIFT) + SA_WORKER] !== worker) return input;
    knownTable = table;
    knownTo = to;
    knownSpi = spi;
    known = row;
    aux[packet] = row;
    aux2[packet] = (word << 2) + HEADER;
    return decrypt;
  }

  function next(packet: number, word: number, total: number, table: number): number {
    if ((i32[word + 1]! & FRAGMENT) !== 0 || total < LEAST) return NOT_OURS;
    if (table !== knownTable || i32[word + 5] !== knownSpi || i32[word + 4] !== knownTo) {
      return look(packet, word, table);
    }
    aux[packet] = known;
    aux2[packet] = (word << 2) + HEADER;
    return decrypt;
  }

  return { begin, next };
}
