// Reassembly of what is for the box (RFC 791 section 3.2, RFC 1858, RFC 5722): whole datagrams are answered, attacks are not.
import type { Case, ExpectedPacket } from '../support/case.js';
import { lan, twinLan } from '../support/two-ports.js';

const REASSEMBLED = 'ip4-reassembly/reassembled';
const FRAGMENTS = 'ip4-reassembly/fragments';
const REPLIES = 'ip4-icmp-echo/replies';

/** Identifications of datagrams: each case has its own, so that none meets what another left. */
let ids = 1000;

interface Echo {
  /** The pieces of the request, an expression that is a list. */
  pieces: string;
  reply: string;
}

/** An echo request of `size` octets in pieces of `piece`, and what answers it. */
function echo(size: number, piece: number, header = ''): Echo {
  const id = ids++;
  const body = `ICMP(type=TYPE, id=7, seq=1)/payload(${size}, ${id & 0xff})`;
  return {
    pieces: `fragments(IP(src=HOST, dst=LAN, id=${id}${header})/${body.replace('TYPE', '8')}, ${piece})`,
    reply: `IP(src=LAN, dst=HOST${header})/${body.replace('TYPE', '0')}`,
  };
}

const piece = (pieces: string, i: number): string => `${pieces}[${i}]`;
const answers = (reply: string): ExpectedPacket[] => [lan(reply, { free: ['IP.id'] })];
const whole = (count: number): Record<string, number> => ({
  [REASSEMBLED]: 1,
  [FRAGMENTS]: count,
  [REPLIES]: 1,
});

/** Pieces in the order of `order`; all are needed. */
function inOrder(name: string, order: readonly number[], size = 200, of = 80): Case {
  const { pieces, reply } = echo(size, of);
  return {
    name,
    send: order.map((i) => lan(piece(pieces, i))),
    expect: answers(reply),
    counters: whole(new Set(order).size),
  };
}

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

export const ip4Reassembly: readonly Case[] = [
  ...permutations.map((order) => inOrder(`three fragments, in the order ${order.join(', ')}`, order)),
  inOrder(
    'twenty-six fragments of 8 octets',
    Array.from({ length: 26 }, (_, i) => i),
    200,
    8,
  ),
  inOrder(
    'twenty-six fragments of 8 octets, backwards',
    Array.from({ length: 26 }, (_, i) => 25 - i),
    200,
    8,
  ),
  (() => {
    const { pieces, reply } = echo(200, 80);
    return {
      name: 'one in each vector',
      steps: [
        { send: [lan(piece(pieces, 0))] },
        { send: [lan(piece(pieces, 2))] },
        { send: [lan(piece(pieces, 1))], expect: answers(reply) },
      ],
      counters: whole(3),
    };
  })(),
  (() => {
    const { pieces, reply } = echo(200, 80);
    return {
      name: 'a duplicate is dropped, the datagram is put together',
      send: [0, 1, 1, 0, 2].map((i) => lan(piece(pieces, i))),
      expect: answers(reply),
      counters: { ...whole(3), 'ip4-reassembly/duplicate': 2, 'lan.drops': 2 },
    };
  })(),
  (() => {
    const [a, b] = [echo(200, 80), echo(200, 80)];
    return {
      name: 'two datagrams, interleaved',
      send: [0, 1, 2].flatMap((i) => [lan(piece(a.pieces, i)), lan(piece(b.pieces, 2 - i))]),
      expect: [
        lan(a.reply, { free: ['IP.id'], unordered: true }),
        lan(b.reply, { free: ['IP.id'], unordered: true }),
      ],
      counters: { [REASSEMBLED]: 2, [FRAGMENTS]: 6, [REPLIES]: 2 },
    };
  })(),
  (() => {
    const id = ids++;
    const of = (source: string): string =>
      `fragments(IP(src=${source}, dst=LAN, id=${id})/ICMP(type=8, id=7)/payload(100), 56)`;
    const reply = (source: string): string => `IP(src=LAN, dst=${source})/ICMP(type=0, id=7)/payload(100)`;
    return {
      name: 'one identification from two sources: two datagrams',
      send: [0, 1].flatMap((i) => [lan(piece(of('HOST'), i)), lan(piece(of('OTHER'), 1 - i))]),
      expect: ['HOST', 'OTHER'].map((source) => lan(reply(source), { free: ['IP.id'], unordered: true })),
      counters: { [REASSEMBLED]: 2, [FRAGMENTS]: 4, [REPLIES]: 2 },
    };
  })(),
  (() => {
    const id = ids++;
    const echoes = `fragments(IP(src=HOST, dst=LAN, id=${id})/ICMP(type=8, id=7)/payload(100), 56)`;
    const udp = `IP(src=HOST, dst=LAN, id=${id})/UDP(sport=5, dport=9)/payload(100)`;
    return {
      name: 'one identification of two protocols: two datagrams; Linux gets its own whole',
      send: [0, 1].flatMap((i) => [lan(piece(echoes, i)), lan(piece(`fragments(${udp}, 56)`, i))]),
      expect: [
        lan('IP(src=LAN, dst=HOST)/ICMP(type=0, id=7)/payload(100)', { free: ['IP.id'] }),
        twinLan(`Ether(src=STATION_LAN, dst=MAC_LAN)/${udp}`),
      ],
      counters: { [REASSEMBLED]: 2, [FRAGMENTS]: 4, [REPLIES]: 1 },
    };
  })(),
  (() => {
    const { pieces } = echo(65_507 - 8, 1480);
    const reply = pieces.replace('src=HOST, dst=LAN', 'src=LAN, dst=HOST').replace('type=8', 'type=0');
    return {
      name: 'the longest datagram there is: 65,527 octets in 45 fragments, and so is its answer',
      send: Array.from({ length: 45 }, (_, i) => lan(piece(pieces, i))),
      expect: Array.from({ length: 45 }, (_, i) => lan(piece(reply, i), { free: ['IP.id'] })),
      counters: { ...whole(45), 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 45 },
    };
  })(),
  (() => {
    const { pieces, reply } = echo(100, 56, ', options=[IPOption_Router_Alert()]');
    return {
      name: 'fragments with options',
      send: [lan(piece(pieces, 1)), lan(piece(pieces, 0))],
      expect: answers(reply),
      counters: whole(2),
    };
  })(),
];

/** Refused under one counter: all that is sent, but for `left` fragments that time out. */
function refused(name: string, packets: readonly string[], counter: string, count = packets.length): Case {
  return {
    name,
    send: packets.map((packet) => lan(packet)),
    counters: { [`ip4-reassembly/${counter}`]: count, 'lan.drops': count },
  };
}

const part = (id: number, offset: number, size: number, flags = ''): string =>
  `IP(src=HOST, dst=LAN, id=${id}, frag=${offset / 8}, proto=17${flags})/payload(${size})`;
const more = ", flags='MF'";
/** A first fragment that is still there when its time is up is answered (RFC 792); another part is not. */
const fresh = (): number => ids++;

function attack(name: string, counter: string, packets: (id: number) => readonly string[]): Case {
  return refused(name, packets(fresh()), counter);
}

export const ip4ReassemblyRefused: readonly Case[] = [
  attack(
    'an overlap at the front refuses all of the datagram, and what comes of it later',
    'overlap',
    (id) => [part(id, 0, 64, more), part(id, 56, 64, more), part(id, 120, 10)],
  ),
  attack('an overlap at the back', 'overlap', (id) => [part(id, 64, 64, more), part(id, 8, 64, more)]),
  attack('a fragment around another', 'overlap', (id) => [part(id, 64, 8, more), part(id, 0, 256, more)]),
  attack('a fragment within another (teardrop)', 'overlap', (id) => [
    part(id, 0, 256, more),
    part(id, 64, 8),
  ]),
  attack('the same octets at one place, once with other contents', 'overlap', (id) => [
    part(id, 8, 64, more),
    `IP(src=HOST, dst=LAN, id=${id}, frag=1, proto=17, flags='MF')/payload(64, 9)`,
  ]),
  attack('ends that differ', 'bad_end', (id) => [part(id, 256, 64), part(id, 512, 64)]),
  attack('octets behind the end', 'bad_end', (id) => [part(id, 256, 64), part(id, 512, 64, more)]),
  attack('an end before what came already', 'bad_end', (id) => [part(id, 512, 64, more), part(id, 256, 64)]),
  attack('more to follow, but no multiple of 8', 'bad_length', (id) => [part(id, 0, 63, more)]),
  attack('no octet in it', 'empty', (id) => [part(id, 64, 0, more)]),
  attack('ping of death: an end beyond 65,535 octets', 'too_long', (id) => [part(id, 65_528, 64)]),
  attack('a first fragment with half a TCP header (RFC 1858)', 'tiny_fragment', (id) => [
    `IP(src=HOST, dst=LAN, id=${id}, proto=6, flags='MF')/payload(8)`,
  ]),
  attack('a fragment that writes over TCP flags (RFC 3128)', 'tiny_fragment', (id) => [
    `IP(src=HOST, dst=LAN, id=${id}, proto=6, frag=1)/payload(32)`,
  ]),
  (() => {
    const id = fresh();
    const count = 64;
    const packets = Array.from({ length: count + 1 }, (_, i) => part(id, 8 * i, 8, more));
    return refused('more fragments than a datagram may have', packets, 'too_many_fragments');
  })(),
  (() => {
    const { pieces } = echo(200, 80);
    return {
      name: 'a gap: after its time the first fragment is answered with time exceeded (RFC 792)',
      send: [lan(piece(pieces, 0)), lan(piece(pieces, 2))],
      expect: [lan(`icmp_error(LAN, HOST, ${piece(pieces, 0)}, 11, 1)`)],
      counters: {
        'ip4-reassembly/time_exceeded': 1,
        'ip4-reassembly/timeout': 1,
        'ip4-icmp-error/sent': 1,
        'lan.drops': 2,
      },
    };
  })(),
  {
    name: 'without its first fragment a datagram goes in silence',
    send: [lan(part(fresh(), 64, 64))],
    counters: { 'ip4-reassembly/timeout': 1, 'lan.drops': 1 },
  },
];

const ECN = { notEct: 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** RFC 3168 section 5.3: what the marks of two fragments make; null drops. */
const MARKS: readonly [name: string, first: number, second: number, result: number | null][] = [
  ['none marked', ECN.ect0, ECN.ect0, ECN.ect0],
  ['the first marked', ECN.ce, ECN.ect0, ECN.ce],
  ['the second marked', ECN.ect0, ECN.ce, ECN.ce],
  ['both marked', ECN.ce, ECN.ce, ECN.ce],
  ['not capable', ECN.notEct, ECN.notEct, ECN.notEct],
  ['one marked, one not capable', ECN.notEct, ECN.ce, null],
];

export const ip4ReassemblyEcn: readonly Case[] = MARKS.map(([name, first, second, result]): Case => {
  const id = ids++;
  const datagram = (tos: number): string =>
    `IP(src=HOST, dst=LAN, id=${id}, tos=${tos})/UDP(sport=5, dport=9)/payload(100)`;
  return {
    name: `ECN: ${name}`,
    send: [lan(`fragments(${datagram(first)}, 56)[0]`), lan(`fragments(${datagram(second)}, 56)[1]`)],
    expect: result === null ? [] : [twinLan(`Ether(src=STATION_LAN, dst=MAC_LAN)/${datagram(result)}`)],
    counters:
      result === null
        ? { 'ip4-reassembly/congested': 2, 'lan.drops': 2 }
        : { [REASSEMBLED]: 1, [FRAGMENTS]: 2 },
  };
});
