// Fragments of ESP packets, which are put together before they are opened.
import type { Case } from '../support/case.js';
import { peerEncap, received } from '../support/esp.js';
import { lan, wan } from '../support/two-ports.js';

const sealedPieces = (body: string, size: number): string => `fragments(seal('in', ${body}), ${size})`;
const large = (ttl: number): string => `IP(src=REMOTE, dst=HOST, proto=253, ttl=${ttl})/payload(1300)`;

/** Fragments of ESP packets are put together, then opened: the peer encrypts first, and cuts then. */
export const espFragments: readonly Case[] = [
  ...[
    { name: 'in order', order: [0, 1] },
    { name: 'backwards', order: [1, 0] },
  ].map(
    ({ name, order }): Case => ({
      name: `two fragments of an ESP packet, ${name}`,
      sas: { in: {} },
      // Sealed twice, it would be two packets with two IVs: the pieces are of one.
      send: [wan(sealedPieces(large(9), 800), { pieces: order })],
      expect: [lan(large(8))],
      counters: { ...received, 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': 2 },
    }),
  ),
  {
    name: 'five fragments of ESP in UDP: only the first has the ports',
    sas: { in: peerEncap },
    send: [wan(sealedPieces(large(9), 280), { pieces: [4, 2, 0, 1, 3] })],
    expect: [lan(large(8))],
    counters: { ...received, 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': 5 },
  },
  {
    name: 'an inner packet of 4000 octets, larger than every MTU: whole in the end, and cut for the LAN',
    sas: { in: {} },
    send: [
      wan(`fragments(seal('in', IP(src=REMOTE, dst=HOST, id=21, proto=253, ttl=9)/payload(3980)), 1480)`, {
        pieces: [0, 1, 2],
      }),
    ],
    expect: [0, 1, 2].map((i) =>
      lan(`fragments(IP(src=REMOTE, dst=HOST, id=21, proto=253, ttl=8)/payload(3980), 1480)[${i}]`),
    ),
    counters: {
      ...received,
      'ip4-reassembly/reassembled': 1,
      'ip4-reassembly/fragments': 3,
      'ip4-rewrite/too_big': 1,
      'ip4-frag/fragments': 3,
    },
  },
  {
    name: 'a forged octet in one fragment: the ICV fails',
    sas: { in: {} },
    send: [wan(`fragments(flip(seal('in', ${large(9)}), 900), 800)`, { pieces: [0, 1] })],
    counters: {
      'ip4-reassembly/reassembled': 1,
      'ip4-reassembly/fragments': 2,
      'esp-decrypt/integrity_failed': 1,
      'wan.drops': 1,
    },
  },
];
