// Sequence numbers of ESP: the replay window, extended numbers (RFC 4304), and where they end.
import type { Case } from '../support/case.js';
import { inbound, outbound, outer, received } from '../support/esp.js';
import { lan, wan } from '../support/two-ports.js';

export const espReplay: readonly Case[] = [
  {
    name: 'the same packet twice: the second is dropped',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()})`), wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: { ...received, 'esp-decrypt/replayed': 1, 'wan.drops': 1 },
  },
  {
    name: 'the same packet twice, not in one vector',
    sas: { in: {} },
    steps: [
      { send: [wan(`seal('in', ${inbound()})`)], expect: [lan(inbound(63))] },
      { send: [wan(`seal('in', ${inbound()})`)] },
    ],
    counters: { ...received, 'esp-decrypt/replayed': 1, 'wan.drops': 1 },
  },
  {
    name: 'out of order inside the window: all pass, once',
    sas: { in: { replay_window: 32 } },
    send: [40, 9, 38, 10, 39, 9, 40].map((seq) => wan(`seal('in', ${inbound()}, seq=${seq})`)),
    expect: [lan(inbound(63), { times: 5 })],
    counters: { 'tun.rx_packets': 5, 'esp-decrypt/replayed': 2, 'wan.drops': 2 },
  },
  ...[32, 64, 128, 1024, 4096].map(
    (window): Case => ({
      name: `a window of ${window}: its oldest number passes, the one before does not`,
      sas: { in: { replay_window: window } },
      steps: [
        { send: [wan(`seal('in', ${inbound()}, seq=10000)`)], expect: [lan(inbound(63))] },
        { send: [wan(`seal('in', ${inbound()}, seq=${10_000 - window + 1})`)], expect: [lan(inbound(63))] },
        { send: [wan(`seal('in', ${inbound()}, seq=${10_000 - window})`)] },
      ],
      counters: { 'tun.rx_packets': 2, 'esp-decrypt/replayed': 1, 'wan.drops': 1 },
    }),
  ),
  {
    name: 'a forged packet far ahead does not move the window',
    sas: { in: {} },
    send: [
      wan(`seal('in', ${inbound()}, seq=5)`),
      wan(`flip(seal('in', ${inbound()}, seq=100000), -1)`),
      wan(`seal('in', ${inbound()}, seq=6)`),
    ],
    expect: [lan(inbound(63), { times: 2 })],
    counters: { 'tun.rx_packets': 2, 'esp-decrypt/integrity_failed': 1, 'wan.drops': 1 },
  },
  {
    name: 'without anti-replay the same number passes twice',
    sas: { in: { replay_window: 0 } },
    send: [wan(`seal('in', ${inbound()})`), wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63), { times: 2 })],
    counters: { 'tun.rx_packets': 2 },
  },
  {
    name: 'a window that opens again takes older numbers as seen',
    sas: { in: { start_sequence: 500 } },
    send: [499, 500, 501].map((seq) => wan(`seal('in', ${inbound()}, seq=${seq})`)),
    expect: [lan(inbound(63))],
    counters: { ...received, 'esp-decrypt/replayed': 2, 'wan.drops': 2 },
  },
  {
    name: 'the last number of 32 bits passes, and nothing wraps',
    sas: { in: { start_sequence: 0xffff_fff0 } },
    send: [0xffff_ffff, 1, 2].map((seq) => wan(`seal('in', ${inbound()}, seq=${seq})`)),
    expect: [lan(inbound(63))],
    counters: { ...received, 'esp-decrypt/replayed': 2, 'wan.drops': 2 },
  },
  {
    name: 'ESN: the number goes on over 32 bits, both halves authenticated (RFC 4304)',
    sas: { in: { esn: true, start_sequence: 0xffff_fff0 } },
    send: [
      wan(`seal('in', ${inbound()}, seq=0xfffffffe)`),
      wan(`seal('in', ${inbound()}, seq=3, high=1)`),
      wan(`seal('in', ${inbound()}, seq=0xffffffff)`),
      wan(`seal('in', ${inbound()}, seq=3, high=1)`),
    ],
    expect: [lan(inbound(63), { times: 3 })],
    counters: { 'tun.rx_packets': 3, 'esp-decrypt/replayed': 1, 'wan.drops': 1 },
  },
  {
    name: 'ESN: the outbound number goes on over 32 bits',
    sas: { out: { esn: true, start_sequence: 0xffff_fffe } },
    send: [lan(outbound()), lan(outbound())],
    expect: [
      wan(`opens('out', ${outbound(63)}, ${outer()}, 0xffffffff)`, { free: ['IP.id'] }),
      wan(`opens('out', ${outbound(63)}, ${outer()}, 0, high=1)`, { free: ['IP.id'] }),
    ],
    counters: { 'tun.tx_packets': 2 },
  },
  {
    name: 'without ESN the last number is 2^32 - 1: then the SA stops',
    sas: { out: { start_sequence: 0xffff_fffe } },
    send: [lan(outbound()), lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 0xffffffff)`, { free: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1, 'esp-encrypt/sequence_exhausted': 1, 'lan.drops': 1 },
  },
];
