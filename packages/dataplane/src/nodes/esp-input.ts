// esp-input: finds the SA of a received ESP packet, and the worker that owns it (RFC 4303 section 3.4.2).
//
// Expects: a whole packet of either family to the box: ESP, or ESP in UDP. A UDP checksum is not looked at, whether it
//          is zero or not: the ICV covers what it would (RFC 3948 section 2.1).
// Next:    esp-decrypt, on this worker or, handed over, on the SA's own. Sets aux to the SA's row and aux2 to where ESP begins.
import { AUDIT_UNKNOWN_SPI } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { inboundSa4, inboundSa6 } from '../tables/inbound-sas.js';
import { SA_DST, SA_SHIFT, SA_WORKER, SAS_MAX } from '../tables/security-associations.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE, espOffset } from '../wire/esp.js';
import { IP4_BYTES, IP4_DST, swap32 } from '../wire/ip4.js';
import { IP6_DST } from '../wire/ip6.js';

const NEXT_DECRYPT = 0;

const COUNT_TRUNCATED = 0;
const COUNT_UNKNOWN_SPI = 1;
const COUNT_HANDED_OVER = 2;
const COUNT_RING_FULL = 3;

/** Takes what callForSas() read, which would else be no reason to read it. */
const called = new Float64Array(1);

export const espInput = defineNode({
  name: 'esp-input',
  next: ['esp-decrypt'],
  counters: [
    { name: 'truncated', severity: 'error', drop: true, help: 'shorter than an ESP header' },
    {
      name: 'unknown_spi',
      severity: 'warning',
      drop: true,
      help: 'no inbound SA has this SPI and destination: an old peer, or a rekey that only one side made',
    },
    { name: 'handed_over', severity: 'info', help: 'packets of SAs that another worker owns' },
    { name: 'worker_busy', severity: 'warning', drop: true, help: "the ring of the SA's worker is full" },
  ],

  make(context) {
    const { pool, sas, spis, worker, services } = context;
    const { offset, length, l3, aux, aux2, bytes, i32 } = pool;
    const { words } = sas;
    const decrypt = services.nodeIndex('esp-decrypt');

    return (_context, { packets, length: count }, next, counters) => {
      callForSas(context, packets, count);
      // Packets of a vector mostly belong to few SAs: the last one found is often the next.
      let knownSpi = 0;
      let knownTo = 0;
      let known = -1;
      for (let i = 0; i < count; i++) {
        const packet = packets[i]!;
        const ip = l3[packet]!;
        const end = offset[packet]! + length[packet]!;
        const esp = espOffset(bytes, ip, end);
        let drop = COUNT_TRUNCATED;
        if (end - esp >= ESP_HEADER_BYTES) {
          const spi = swap32(i32[esp >>> 2]!);
          const four = bytes[ip]! >>> 4 === 4;
          const to = i32[(ip + IP4_DST) >>> 2]!;
          let row = known;
          if (row < 0 || spi !== knownSpi || to !== knownTo || !four) {
            row = four ? inboundSa4(sas, spis, spi, swap32(to)) : find6(context, spi, ip);
            known = four ? row : -1;
            knownSpi = spi;
            knownTo = to;
          }
          if (row < 0) {
            drop = COUNT_UNKNOWN_SPI;
            const low = swap32(i32[(esp + ESP_SEQUENCE) >>> 2]!);
            const via = pool.rxInterface[packet]!;
            context.audit.refused(context, AUDIT_UNKNOWN_SPI, spi, low, 0, via, bytes, ip, -1, -1);
          } else {
            aux[packet] = row;
            aux2[packet] = esp;
            const owner = words[(row << SA_SHIFT) + SA_WORKER]!;
            if (owner === worker) {
              next[i] = NEXT_DECRYPT;
              continue;
            }
            if (services.handOff(packet, owner, decrypt)) {
              counters[COUNT_HANDED_OVER]!++;
              next[i] = NEXT_CONSUMED;
              continue;
            }
            drop = COUNT_RING_FULL;
          }
        }
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
      }
    };
  },
});

/**
 * Reads the table's slots and then the rows of the packets' SAs, when they are several: in loops so short that the
 * processor waits for many at once. What it takes for an SPI need not be one.
 */
function callForSas({ pool, sas, spis }: NodeContext, packets: Int32Array, length: number): void {
  const { l3, aux, i32 } = pool;
  const { words } = sas;
  const first = (l3[packets[0]!]! + IP4_BYTES) >>> 2;
  const last = (l3[packets[length - 1]!]! + IP4_BYTES) >>> 2;
  if (i32[first] === i32[last] && i32[first - 1] === i32[last - 1]) return;
  for (let i = 0; i < length; i++) {
    const packet = packets[i]!;
    const esp = (l3[packet]! + IP4_BYTES) >>> 2;
    aux[packet] = spis.lookup(swap32(i32[esp]!), swap32(i32[esp - 1]!));
  }
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const at = (aux[packets[i]!]! & (SAS_MAX - 1)) << SA_SHIFT;
    sum += words[at]! + words[at + SA_DST]!;
  }
  called[0] = sum;
}

/** The row of an IPv6 packet's SA, or -1. */
function find6({ pool: { i32 }, sas, spis }: NodeContext, spi: number, ip: number): number {
  const from = (ip + IP6_DST) >>> 2;
  const w0 = swap32(i32[from]!);
  const w1 = swap32(i32[from + 1]!);
  const w2 = swap32(i32[from + 2]!);
  const w3 = swap32(i32[from + 3]!);
  return inboundSa6(sas, spis, spi, w0, w1, w2, w3);
}
