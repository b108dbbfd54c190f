// esp-input: finds the SA of a received ESP packet, and the worker that owns it (RFC 4303 section 3.4.2).
//
// Expects: a whole IPv4 packet to the box: ESP, or ESP in UDP.
// Next:    esp-decrypt, on this worker or, handed over, on the SA's own. Sets aux to the SA's row.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { SA_DST, SA_INBOUND, SA_SHIFT, SA_STATE, SA_WORKER } from '../tables/security-associations.js';
import { ESP_HEADER_BYTES } from '../wire/esp.js';
import { headerBytes, IP4_DST, IP4_PROTOCOL, PROTOCOL_UDP, readI32 } from '../wire/ip4.js';
import { UDP_BYTES } from '../wire/udp.js';

const NEXT_DECRYPT = 0;

const COUNT_TRUNCATED = 0;
const COUNT_UNKNOWN_SPI = 1;
const COUNT_HANDED_OVER = 2;
const COUNT_RING_FULL = 3;

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

  run({ pool, sas, spis, worker, services }, frame, next, counters): void {
    const { offset, length, l3, aux, bytes } = pool;
    const { packets } = frame;
    const words = sas.words;
    const decrypt = services.nodeIndex('esp-decrypt');
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const esp = ip + headerBytes(bytes, ip) + (bytes[ip + IP4_PROTOCOL] === PROTOCOL_UDP ? UDP_BYTES : 0);
      let drop = COUNT_TRUNCATED;
      if (offset[packet]! + length[packet]! - esp >= ESP_HEADER_BYTES) {
        const row = spis.lookup(readI32(bytes, esp), readI32(bytes, ip + IP4_DST));
        const sa = row << SA_SHIFT;
        if (
          row < 0 ||
          words[sa + SA_STATE] !== SA_INBOUND ||
          words[sa + SA_DST] !== readI32(bytes, ip + IP4_DST)
        ) {
          drop = COUNT_UNKNOWN_SPI;
        } else {
          aux[packet] = row;
          const owner = words[sa + SA_WORKER]!;
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
  },
});
