// DSCP and ECN between the inner and the outer header of ESP (RFC 6040).
import type { Case } from '../support/case.js';
import { inbound, outbound, outer, received } from '../support/esp.js';
import { lan, wan } from '../support/two-ports.js';

const TOS = { notEct: 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** RFC 6040 section 4.2, figure 4: rows are the inner mark as it arrives, columns the outer one; null drops. */
const DECAPSULATE: readonly (readonly (number | null)[])[] = [
  [TOS.notEct, TOS.notEct, TOS.notEct, null],
  [TOS.ect1, TOS.ect1, TOS.ect1, TOS.ce],
  [TOS.ect0, TOS.ect1, TOS.ect0, TOS.ce],
  [TOS.ce, TOS.ce, TOS.ce, TOS.ce],
];
const MARKS = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'];

export const espTos: readonly Case[] = [
  ...DECAPSULATE.flatMap((row, mark) =>
    row.map(
      (result, outside): Case => ({
        name: `ECN in: inner ${MARKS[mark]}, outer ${MARKS[outside]}: ${result === null ? 'dropped' : MARKS[result]}`,
        sas: { in: {} },
        send: [wan(`seal('in', ${inbound(64, `, tos=${0x48 + mark}`)}, outer={'tos': ${0xb8 + outside}})`)],
        expect: result === null ? [] : [lan(inbound(63, `, tos=${0x48 + result}`))],
        counters: result === null ? { 'esp-decrypt/congested': 1, 'wan.drops': 1 } : received,
      }),
    ),
  ),
  ...MARKS.map(
    (name, mark): Case => ({
      name: `ECN out: ${name} is copied to the outer header, DSCP too`,
      sas: { out: {} },
      send: [lan(outbound(64, `, tos=${0xb8 + mark}`))],
      expect: [
        wan(`opens('out', ${outbound(63, `, tos=${0xb8 + mark}`)}, ${outer(`, tos=${0xb8 + mark}`)}, 1)`, {
          free: ['IP.id'],
        }),
      ],
      counters: { 'tun.tx_packets': 1 },
    }),
  ),
];
