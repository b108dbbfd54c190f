// Forwarding of IPv4 (RFC 1812 section 5): what leaves, changed how, and what is refused.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/two-ports.js';

const udp = 'UDP(sport=1, dport=2)/payload(32)';

/** A packet that is dropped, in silence, under one counter. */
function refused(name: string, packet: string, counter: string): Case {
  return { name, send: [lan(packet)], counters: { [counter]: 1, 'lan.drops': 1 } };
}

/** A packet that is forwarded with nothing but its TTL changed: `header` is the header's fields without it. */
function passes(name: string, header: string, rest = udp): Case {
  return {
    name,
    send: [lan(`IP(${header}, ttl=64)/${rest}`)],
    expect: [wan(`IP(${header}, ttl=63)/${rest}`)],
  };
}

const plain = 'src=HOST, dst=FAR, id=7';

export const ip4Forwarding: readonly Case[] = [
  passes('a packet leaves with its TTL decremented and the checksum right', plain),
  passes('DSCP and ECN stay as they are', `${plain}, tos=0xbb`),
  passes('DF stays set', `${plain}, flags="DF"`),
  passes('the reserved flag stays as it is', `${plain}, flags=4`),
  passes('a packet with an unknown protocol is forwarded', `${plain}, proto=253`, 'payload(11)'),
  passes('a header without payload is forwarded', plain, "b''"),
  passes('a packet of exactly the MTU is forwarded whole', plain, 'payload(1380)'),
  passes('a first fragment is forwarded', `${plain}, flags="MF"`, 'payload(64)'),
  passes('a middle fragment is forwarded', `${plain}, flags="MF", frag=100`, 'payload(64)'),
  passes('a last fragment is forwarded', `${plain}, frag=1000`, 'payload(5)'),
  passes('TCP with a wrong checksum is forwarded: the ends check it', plain, 'TCP(chksum=1)/payload(9)'),
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
    passes(`the checksum is right for identification ${0xfff8 + n}`, `src=HOST, dst=FAR, id=${0xfff8 + n}`),
  ),
  {
    name: 'a TTL of 2 leaves as 1',
    send: [lan(`IP(${plain}, ttl=2)/${udp}`)],
    expect: [wan(`IP(${plain}, ttl=1)/${udp}`)],
  },
  {
    name: 'a TTL of 255 leaves as 254',
    send: [lan(`IP(${plain}, ttl=255)/${udp}`)],
    expect: [wan(`IP(${plain}, ttl=254)/${udp}`)],
  },
  {
    name: 'link padding behind the packet is cut off',
    send: [lan(`IP(${plain}, ttl=64)/UDP(sport=1, dport=2)/b'x'/Padding(bytes(17))`)],
    expect: [wan(`IP(${plain}, ttl=63)/UDP(sport=1, dport=2)/b'x'`)],
  },
  {
    name: 'a burst leaves complete and in order',
    send: Array.from({ length: 64 }, (_, i) => lan(`IP(src=HOST, dst=FAR, id=${i}, ttl=9)/${udp}`)),
    expect: Array.from({ length: 64 }, (_, i) => wan(`IP(src=HOST, dst=FAR, id=${i}, ttl=8)/${udp}`)),
  },
  {
    name: 'both directions at once',
    send: [
      lan(`IP(${plain}, ttl=64)/${udp}`),
      wan(`IP(src=FAR, dst=HOST, id=8, ttl=64)/${udp}`),
      lan(`IP(${plain}, ttl=64)/${udp}`),
    ],
    expect: [
      wan(`IP(${plain}, ttl=63)/${udp}`, { times: 2 }),
      lan(`IP(src=FAR, dst=HOST, id=8, ttl=63)/${udp}`),
    ],
  },
  {
    name: 'a packet goes back out of the port that it came by when its route leads there',
    send: [lan(`IP(src=HOST, dst=OTHER, id=3, ttl=64)/${udp}`)],
    expect: [lan(`IP(src=HOST, dst=OTHER, id=3, ttl=63)/${udp}`)],
  },
  {
    name: 'a packet for a blackhole route is dropped in silence',
    send: [lan(`IP(src=HOST, dst=HOLE)/${udp}`)],
    counters: { 'ip4-lookup/blackhole': 1, 'lan.drops': 1 },
  },
  {
    name: "a packet in a frame for another station's MAC address is dropped",
    send: [lan(`Ether(dst='02:00:00:00:09:09', src=STATION_LAN)/IP(${plain})/${udp}`)],
    counters: { 'ethernet-input/other_host': 1, 'lan.drops': 1 },
  },
  {
    name: 'a packet in a broadcast frame is not forwarded (RFC 1122 section 3.3.6)',
    send: [lan(`Ether(dst='ff:ff:ff:ff:ff:ff', src=STATION_LAN)/IP(${plain})/${udp}`)],
    counters: { 'ip4-lookup/link_group': 1, 'lan.drops': 1 },
  },
  {
    name: 'a frame of an unknown type is dropped',
    send: [lan("Ether(dst=MAC_LAN, src=STATION_LAN, type=0x88b5)/b'hello'")],
    counters: { 'ethernet-input/unknown_type': 1, 'lan.drops': 1 },
  },
];

const header = 'IP(src=HOST, dst=FAR, id=7, ttl=64)';

export const ip4Header: readonly Case[] = [
  refused('a wrong checksum', `IP(${plain}, chksum=0x1234)/${udp}`, 'ip4-input/bad_checksum'),
  refused('a checksum of zero', `IP(${plain}, chksum=0)/${udp}`, 'ip4-input/bad_checksum'),
  refused('one bit of the source flipped', `flip(${header}/${udp}, 15)`, 'ip4-input/bad_checksum'),
  refused('version 5', `IP(${plain}, version=5)/${udp}`, 'ip4-input/bad_version'),
  refused('version 0', `IP(${plain}, version=0)/${udp}`, 'ip4-input/bad_version'),
  refused('a header length of 16', `IP(${plain}, ihl=4)/${udp}`, 'ip4-input/bad_header_length'),
  refused('a header length of 0', `IP(${plain}, ihl=0)/${udp}`, 'ip4-input/bad_header_length'),
  refused('a header longer than the packet', `cut(IP(${plain}, ihl=15), 40)`, 'ip4-input/bad_header_length'),
  refused('a total length under the header', `IP(${plain}, len=19)/${udp}`, 'ip4-input/bad_total_length'),
  refused('a total length of 0', `IP(${plain}, len=0)/${udp}`, 'ip4-input/bad_total_length'),
  refused('a total length beyond the frame', `IP(${plain}, len=61)/${udp}`, 'ip4-input/bad_total_length'),
  refused('a total length of 65535', `IP(${plain}, len=65535)/${udp}`, 'ip4-input/bad_total_length'),
  refused('a header cut short', `cut(${header}, 19)`, 'ip4-input/truncated'),
  refused(
    'an Ethernet header with nothing behind',
    'Ether(dst=MAC_LAN, src=STATION_LAN, type=0x800)',
    'ip4-input/truncated',
  ),
];

const from = (source: string): string => `IP(src='${source}', dst=FAR, id=7)/${udp}`;
const to = (destination: string): string => `IP(src=HOST, dst='${destination}', id=7)/${udp}`;
const martianSource = 'ip4-input/martian_source';
const martianDestination = 'ip4-input/martian_destination';

/** RFC 1812 sections 5.3.7 and 4.2.2.11, RFC 1122 section 3.2.1.3. */
export const martians: readonly Case[] = [
  refused('from the loopback network', from('127.0.0.1'), martianSource),
  refused('from the end of the loopback network', from('127.255.255.255'), martianSource),
  refused('from a group', from('224.0.0.5'), martianSource),
  refused('from class E', from('240.0.0.1'), martianSource),
  refused('from everyone', from('255.255.255.255'), martianSource),
  refused('from no address, to a single one', from('0.0.0.0'), martianSource),
  refused('from network zero', from('0.1.2.3'), martianSource),
  refused('to the loopback network', to('127.0.0.1'), martianDestination),
  refused('to no address', to('0.0.0.0'), martianDestination),
  refused('to network zero', to('0.255.0.1'), martianDestination),
];

/** Options go along unchanged, but for those that choose the route (RFC 7126 sections 4.3 and 4.4). */
export const options: readonly Case[] = [
  ...(
    [
      ['no-operation and end of list', 'IPOption_NOP(), IPOption_NOP(), IPOption_NOP(), IPOption_EOL()'],
      ['router alert', 'IPOption_Router_Alert()'],
      ['record route', "IPOption_RR(pointer=4, routers=['0.0.0.0', '0.0.0.0'])"],
      ['timestamp', 'IPOption_Timestamp()'],
      ['security', 'IPOption_Security()'],
      ['an unknown option', 'IPOption(copy_flag=0, optclass=2, option=30, value=b"ab")'],
      ['forty octets of them', 'IPOption(copy_flag=0, optclass=2, option=30, value=payload(38))'],
    ] as const
  ).map(([name, list]) => passes(`forwarded with ${name}`, `${plain}, options=[${list}]`)),
  ...(
    [
      ['a loose source route', "IPOption_LSRR(pointer=4, routers=['10.9.9.9'])"],
      ['a strict source route', "IPOption_SSRR(pointer=4, routers=['10.9.9.9'])"],
      ['a source route behind no-operations', "IPOption_NOP(), IPOption_LSRR(routers=['10.9.9.9'])"],
      ['a source route that was used up', "IPOption_LSRR(pointer=8, routers=['10.9.9.9'])"],
    ] as const
  ).map(([name, list]) =>
    refused(`refused with ${name}`, `IP(${plain}, options=[${list}])/${udp}`, 'ip4-input/source_route'),
  ),
  passes(
    'an option of length 0 does not hang the gateway',
    `${plain}, options=[IPOption(copy_flag=0, optclass=2, option=30, length=0, value=b"ab")]`,
  ),
];
