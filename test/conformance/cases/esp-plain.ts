// ESP in tunnel mode by AES-GCM (RFC 4303, RFC 4106), against scapy's IPsec layer: both ways, and what is refused.
import type { Case } from '../support/case.js';
import { selector } from '../support/sa.js';
import { lan, twinWan, wan } from '../support/two-ports.js';

const inner = 'UDP(sport=7, dport=8)/payload(48)';
const inbound = (ttl = 64, more = ''): string => `IP(src=REMOTE, dst=HOST, id=3, ttl=${ttl}${more})/${inner}`;
const outbound = (ttl = 64, more = ''): string =>
  `IP(src=HOST, dst=REMOTE, id=3, ttl=${ttl}${more})/${inner}`;
const outer = (more = ''): string => `IP(src=WAN, dst=PEER, ttl=64${more})`;
const received = { 'tun.rx_packets': 1 };

/** Sealed packets that are dropped at the port. */
function refused(
  name: string,
  packets: readonly string[],
  counters: Record<string, number>,
  sa: Case['sas'] = { in: {} },
): Case {
  return { name, sas: sa, send: packets.map((packet) => wan(packet)), counters };
}

export const espIn: readonly Case[] = [
  {
    name: 'a packet for the LAN comes out of its SA',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  ...[20, 21, 22, 23, 24, 1399, 1400].map(
    (size): Case => ({
      name: `an inner packet of ${size} octets comes out as it was`,
      sas: { in: {} },
      send: [wan(`seal('in', IP(src=REMOTE, dst=HOST, ttl=9, proto=253)/payload(${size - 20}))`)],
      expect: [lan(`IP(src=REMOTE, dst=HOST, ttl=8, proto=253)/payload(${size - 20})`)],
      counters: received,
    }),
  ),
  {
    name: 'padding up to 255 octets is taken off',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, padding=bytes(range(1, 256)))`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'TFC padding behind the inner packet is taken off (RFC 4303 section 2.7)',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, tfc=payload(300))`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'a dummy packet (next header 59) is dropped, its number used up',
    sas: { in: {} },
    send: [
      wan(`seal('in', payload(64), nh=59, seq=1)`),
      wan(`seal('in', ${inbound()}, seq=1)`),
      wan(`seal('in', ${inbound()}, seq=2)`),
    ],
    expect: [lan(inbound(63))],
    counters: { ...received, 'esp-decrypt/dummy': 1, 'esp-decrypt/replayed': 1, 'wan.drops': 2 },
  },
  {
    name: 'an outer header with options is no obstacle',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, outer={'options': [IPOption_Router_Alert()]})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'the inner TTL is the only one that counts',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, outer={'ttl': 1})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'an inner TTL of 1: time exceeded goes back through the tunnel, from its address',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', ${inbound(1)})`)],
    expect: [
      wan(`opens('out', icmp_error(TUN, REMOTE, ${inbound(1)}, 11, 0), IP(src=WAN, dst=PEER, tos=0xc0), 1)`, {
        any: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: {
      ...received,
      'tun.tx_packets': 1,
      'ip4-rewrite/ttl_expired': 1,
      'ip4-icmp-error/sent': 1,
      'tun.drops': 1,
    },
  },
  {
    name: 'an inner packet to the box is answered through the tunnel',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', IP(src=REMOTE, dst=TUN)/ICMP(id=4)/payload(9))`)],
    expect: [
      wan(`opens('out', IP(src=TUN, dst=REMOTE)/ICMP(type=0, id=4)/payload(9), ${outer()}, 1)`, {
        any: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: { ...received, 'tun.tx_packets': 1, 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: 'an inner packet goes back into the tunnel when its route leads there',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', IP(src=REMOTE, dst='10.2.0.9', ttl=9)/${inner})`)],
    expect: [
      wan(`opens('out', IP(src=REMOTE, dst='10.2.0.9', ttl=8)/${inner}, ${outer()}, 1)`, {
        any: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: { ...received, 'tun.tx_packets': 1 },
  },
];

export const espOut: readonly Case[] = [
  {
    name: 'a packet into the tunnel leaves sealed',
    sas: { out: {} },
    send: [lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 1)`, { any: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1 },
  },
  ...[20, 21, 22, 23, 24, 1399, 1400].map(
    (size): Case => ({
      name: `an inner packet of ${size} octets opens as it was`,
      sas: { out: {} },
      send: [lan(`IP(src=HOST, dst=REMOTE, ttl=9, proto=253)/payload(${size - 20})`)],
      expect: [
        wan(`opens('out', IP(src=HOST, dst=REMOTE, ttl=8, proto=253)/payload(${size - 20}), ${outer()}, 1)`, {
          any: ['IP.id'],
        }),
      ],
      counters: { 'tun.tx_packets': 1 },
    }),
  ),
  {
    name: 'sequence numbers start at 1 and go up by 1',
    sas: { out: {} },
    send: Array.from({ length: 20 }, () => lan(outbound())),
    expect: Array.from({ length: 20 }, (_, i) =>
      wan(`opens('out', ${outbound(63)}, ${outer()}, ${i + 1})`, { any: ['IP.id'] }),
    ),
    counters: { 'tun.tx_packets': 20 },
  },
  {
    name: 'an SA that was in use goes on behind its last number',
    sas: { out: { start_sequence: 70_000 } },
    send: [lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 70001)`, { any: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1 },
  },
  {
    name: 'larger than the tunnel: cut before encryption, each fragment its own ESP packet',
    sas: { out: {} },
    send: [lan('IP(src=HOST, dst=REMOTE, id=11, ttl=64)/payload(1440)')],
    expect: [0, 1].map((i) =>
      wan(
        `opens('out', fragments(IP(src=HOST, dst=REMOTE, id=11, ttl=63)/payload(1440), 1376)[${i}], ${outer()}, ${i + 1})`,
        { any: ['IP.id'] },
      ),
    ),
    counters: { 'tun.tx_packets': 2, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
  },
  {
    name: "larger than the tunnel with DF: answered with the tunnel's MTU",
    sas: { out: {} },
    send: [lan("IP(src=HOST, dst=REMOTE, flags='DF')/payload(1440)")],
    expect: [lan("icmp_error(LAN, HOST, IP(src=HOST, dst=REMOTE, flags='DF')/payload(1440), 3, 4, 1400)")],
    counters: { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: 'no SA: nothing leaves in clear',
    send: [lan(outbound())],
    counters: { 'esp-encrypt/no_sa': 1, 'lan.drops': 1 },
  },
];

export const espRefused: readonly Case[] = [
  refused('an unknown SPI', [`flip(seal('in', ${inbound()}), 20)`], {
    'esp-input/unknown_spi': 1,
    'wan.drops': 1,
  }),
  refused('a wrong ICV', [`flip(seal('in', ${inbound()}), -1)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('changed ciphertext', [`flip(seal('in', ${inbound()}), 50)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('a changed IV', [`flip(seal('in', ${inbound()}), 30)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('a changed sequence number', [`flip(seal('in', ${inbound()}), 27, 2)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('sequence number 0', [`seal('in', ${inbound()}, seq=0)`], {
    'esp-decrypt/replayed': 1,
    'wan.drops': 1,
  }),
  refused('padding that is not 1, 2, 3…', [`seal('in', ${inbound()}, padding=b'\\x01\\x02\\x02')`], {
    'esp-decrypt/bad_padding': 1,
    'wan.drops': 1,
  }),
  refused('padding longer than the packet', [`seal('in', ${inbound()}, padlen=250)`], {
    'esp-decrypt/bad_padding': 1,
    'wan.drops': 1,
  }),
  refused('a next header that is no IP', [`seal('in', ${inbound()}, nh=17)`], {
    'esp-decrypt/bad_next_header': 1,
    'wan.drops': 1,
  }),
  refused('an inner packet whose version is none', [`seal('in', flip(${inbound()}, 0, 0xf0), nh=4)`], {
    ...received,
    'ip4-input/bad_version': 1,
    'tun.drops': 1,
  }),
  refused(
    'an inner packet with a wrong checksum',
    [`seal('in', IP(src=REMOTE, dst=HOST, chksum=5)/${inner})`],
    {
      ...received,
      'ip4-input/bad_checksum': 1,
      'tun.drops': 1,
    },
  ),
  refused(
    'an inner packet from the loopback network',
    [`seal('in', IP(src='127.0.0.1', dst=HOST)/${inner})`],
    {
      ...received,
      'ip4-input/martian_source': 1,
      'tun.drops': 1,
    },
  ),
  refused('shorter than an ESP header', ["IP(src=PEER, dst=WAN, proto=50)/b'1234567'"], {
    'esp-input/truncated': 1,
    'wan.drops': 1,
  }),
  refused(
    'nothing behind the ESP header',
    [`cut(wrong(seal('in', ${inbound()}), len=28, chksum=None), 28)`],
    {
      'esp-decrypt/truncated': 1,
      'wan.drops': 1,
    },
  ),
  refused(
    'too short for IV, trailer and ICV',
    [`cut(wrong(seal('in', ${inbound()}), len=52, chksum=None), 52)`],
    {
      'esp-decrypt/truncated': 1,
      'wan.drops': 1,
    },
  ),
  refused('one octet short of its ICV', [`cut(wrong(seal('in', ${inbound()}), len=127, chksum=None), 127)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused(
    "another SA's source address does not matter, its destination does",
    [`IP(src=PEER, dst=LAN)/seal('in', ${inbound()})[ESP]`],
    {
      'esp-input/unknown_spi': 1,
      'wan.drops': 1,
    },
  ),
];

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
      wan(`opens('out', ${outbound(63)}, ${outer()}, 0xffffffff)`, { any: ['IP.id'] }),
      wan(`opens('out', ${outbound(63)}, ${outer()}, 0, high=1)`, { any: ['IP.id'] }),
    ],
    counters: { 'tun.tx_packets': 2 },
  },
  {
    name: 'without ESN the last number is 2^32 - 1: then the SA stops',
    sas: { out: { start_sequence: 0xffff_fffe } },
    send: [lan(outbound()), lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 0xffffffff)`, { any: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1, 'esp-encrypt/sequence_exhausted': 1, 'lan.drops': 1 },
  },
];

const outsideSelector = { 'esp-decrypt/outside_selector': 1, 'wan.drops': 1 };
const selected = { in: { selectors: [selector('10.2.0.0/24', '10.1.0.0/24', 17)] } };

export const espSelectors: readonly Case[] = [
  {
    name: 'what the selector allows passes',
    sas: selected,
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  refused(
    "another network's source",
    [`seal('in', IP(src='10.2.1.2', dst=HOST)/${inner})`],
    outsideSelector,
    selected,
  ),
  refused('another destination', [`seal('in', IP(src=REMOTE, dst=FAR)/${inner})`], outsideSelector, selected),
  refused('another protocol', [`seal('in', IP(src=REMOTE, dst=HOST)/TCP())`], outsideSelector, selected),
];

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
          any: ['IP.id'],
        }),
      ],
      counters: { 'tun.tx_packets': 1 },
    }),
  ),
];

const encap = { encap: { src_port: 4500, dst_port: 4500 } };
const peerEncap = { encap: { src_port: 4501, dst_port: 4500 } };

export const espInUdp: readonly Case[] = [
  {
    name: 'ESP in UDP is opened (RFC 3948)',
    sas: { in: peerEncap },
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'with a UDP checksum as well',
    sas: { in: peerEncap },
    send: [wan(`seal('in', ${inbound()}, encap={'chksum': None})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'it is sealed into UDP without a checksum',
    sas: { out: encap },
    send: [lan(outbound())],
    expect: [
      wan(`opens('out', ${outbound(63)}, ${outer()}/UDP(sport=4500, dport=4500, chksum=0), 1)`, {
        any: ['IP.id'],
      }),
    ],
    counters: { 'tun.tx_packets': 1 },
  },
  {
    name: 'a NAT keepalive is dropped',
    send: [wan("IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/b'\\xff'")],
    counters: { 'ip4-local/nat_keepalive': 1, 'wan.drops': 1 },
  },
  {
    name: 'IKE behind the non-ESP marker goes to Linux',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(bytes(4) + payload(60))')],
    expect: [
      twinWan(
        'Ether(src=STATION_WAN, dst=MAC_WAN)/IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(bytes(4) + payload(60))',
      ),
    ],
  },
  {
    name: 'IKE on port 500 goes to Linux, whatever it begins with',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=500, dport=500)/Raw(payload(60, 1))')],
    expect: [
      twinWan(
        'Ether(src=STATION_WAN, dst=MAC_WAN)/IP(src=PEER, dst=WAN)/UDP(sport=500, dport=500)/Raw(payload(60, 1))',
      ),
    ],
  },
  {
    name: 'ESP in UDP of an unknown SPI is dropped',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(payload(60, 1))')],
    counters: { 'esp-input/unknown_spi': 1, 'wan.drops': 1 },
  },
];

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
