// The MSS that TCP connections through a tunnel agree on: 1300 octets less the headers, both ways.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/dual.js';

const MTU = 1300;
const MOST = { 4: MTU - 40, 6: MTU - 60 } as const;

const ip = { 4: 'IP(src=HOST, dst=REMOTE, id=2, ttl=HOPS)', 6: 'IPv6(src=HOST6, dst=REMOTE6, hlim=HOPS)' };
const ipIn = { 4: 'IP(src=REMOTE, dst=HOST, id=2, ttl=HOPS)', 6: 'IPv6(src=REMOTE6, dst=HOST6, hlim=HOPS)' };
const tcp = (options: string, flags = 'S'): string =>
  `TCP(sport=1024, dport=80, seq=77, flags='${flags}', options=${options})`;
const mss = (value: number): string => `[('MSS', ${value}), ('SAckOK', b'')]`;

/** What is sent with `options` arrives with `changed`, whichever way. */
function both(name: string, family: 4 | 6, options: string, changed: string, flags = 'S'): Case {
  const at = (head: Record<4 | 6, string>, hops: number, own: string): string =>
    `${head[family].replace('HOPS', String(hops))}/${tcp(own, flags)}/payload(3)`;
  const clamped = options === changed ? {} : { [`ip${family}-mss-clamp/clamped`]: 1 };
  const clampedIn = options === changed ? {} : { [`ip${family}-mss-clamp-input/clamped`]: 1 };
  // The outer header copies DF, which IPv6 always has, as it were.
  const outer = `IP(src=WAN, dst=PEER, flags='${family === 6 ? 'DF' : ''}')`;
  return {
    name,
    sas: { in: {}, out: {} },
    send: [lan(at(ip, 9, options)), wan(`seal('in', ${at(ipIn, 9, options)})`)],
    expect: [
      wan(`opens('out', ${at(ip, 8, changed)}, ${outer}, 1)`, { free: ['IP.id'] }),
      lan(at(ipIn, 8, changed)),
    ],
    counters: { 'tun.tx_packets': 1, 'tun.rx_packets': 1, ...clamped, ...clampedIn },
  };
}

const malformed = (name: string, octets: string): Case => {
  // scapy writes no such options: these stand where a well-formed one would, and the checksum is of them.
  const packet = (hops: number): string =>
    `IP(src=HOST, dst=REMOTE, ttl=${hops}, proto=6)/Raw(bytes(TCP(flags='S', dataofs=6, chksum=0x1234))[:20] + bytes.fromhex('${octets}'))`;
  return {
    name,
    sas: { out: {} },
    send: [lan(packet(9))],
    expect: [wan(`opens('out', IP(bytes(${packet(8)})), IP(src=WAN, dst=PEER), 1)`, { free: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1 },
  };
};

export const mssClamping: readonly Case[] = [
  ...([4, 6] as const).flatMap((family) => [
    both(`IPv${family}: a larger MSS is lowered, the checksum right`, family, mss(1460), mss(MOST[family])),
    both(`IPv${family}: one octet too large`, family, mss(MOST[family] + 1), mss(MOST[family])),
    both(`IPv${family}: the largest that fits stays`, family, mss(MOST[family]), mss(MOST[family])),
    both(`IPv${family}: a small MSS stays`, family, mss(536), mss(536)),
    both(`IPv${family}: none stays none`, family, '[]', '[]'),
    both(`IPv${family}: of a SYN with ACK too`, family, mss(8960), mss(MOST[family]), 'SA'),
  ]),
  both(
    'at an odd offset, behind other options',
    4,
    "[('NOP', None), ('MSS', 1460), ('WScale', 7)]",
    `[('NOP', None), ('MSS', ${MOST[4]}), ('WScale', 7)]`,
  ),
  both('not without SYN', 4, mss(1460), mss(1460), 'A'),
  malformed('an option of length 0 is left alone', '020005b4'),
  malformed('an MSS of length 3', '02030500'),
  malformed('an option longer than the header', '020505b4'),
  malformed('an MSS behind the end of options', '000205b4'),
];
