// Forwarding of IPv6 (RFC 8200, RFC 4291): what leaves, changed how, and what is refused.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/two-ports6.js';

const udp = 'UDP(sport=1, dport=2)/payload(32)';
const plain = 'src=HOST, dst=FAR';

function refused(name: string, packet: string, counter: string): Case {
  return { name, send: [lan(packet)], counters: { [counter]: 1, 'lan.drops': 1 } };
}

/** A packet that is forwarded with nothing but its hop limit changed. */
function passes(name: string, header: string, rest = udp): Case {
  return {
    name,
    send: [lan(`IPv6(${header}, hlim=64)/${rest}`)],
    expect: [wan(`IPv6(${header}, hlim=63)/${rest}`)],
  };
}

export const ip6Forwarding: readonly Case[] = [
  passes('a packet leaves with its hop limit decremented', plain),
  passes('traffic class and flow label stay as they are', `${plain}, tc=0xbb, fl=0xabcde`),
  passes('an unknown next header is forwarded', `${plain}, nh=253`, 'payload(11)'),
  passes('a header without payload is forwarded', `${plain}, nh=59`, "b''"),
  passes('a packet of exactly the MTU', `${plain}, nh=253`, 'payload(1360)'),
  passes('hop-by-hop options', plain, `IPv6ExtHdrHopByHop(options=[RouterAlert()])/${udp}`),
  passes(
    'destination options',
    plain,
    `IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e, optdata=b'ab')])/${udp}`,
  ),
  passes(
    'unknown destination options that ask for an answer: not the router to give it',
    plain,
    `IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x9e, optdata=b'ab')])/${udp}`,
  ),
  passes('a first fragment', plain, `IPv6ExtHdrFragment(id=1, m=1, nh=17)/payload(64)`),
  passes('a middle fragment', plain, `IPv6ExtHdrFragment(id=1, m=1, offset=100, nh=17)/payload(64)`),
  passes('a last fragment', plain, `IPv6ExtHdrFragment(id=1, offset=1000, nh=17)/payload(5)`),
  passes('an atomic fragment (RFC 6946)', plain, `IPv6ExtHdrFragment(id=1, nh=17)/payload(5)`),
  passes(
    'a chain of extension headers',
    plain,
    `IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/IPv6ExtHdrFragment(id=2, m=1)/IPv6ExtHdrDestOpt()/${udp}`,
  ),
  passes('a wrong UDP checksum: the ends check it', plain, 'UDP(sport=1, dport=2, chksum=1)/payload(9)'),
  {
    name: 'a hop limit of 2 leaves as 1',
    send: [lan(`IPv6(${plain}, hlim=2)/${udp}`)],
    expect: [wan(`IPv6(${plain}, hlim=1)/${udp}`)],
  },
  {
    name: 'link padding behind the packet is cut off',
    send: [lan(`IPv6(${plain}, hlim=64)/UDP(sport=1, dport=2)/b'x'/Padding(bytes(17))`)],
    expect: [wan(`IPv6(${plain}, hlim=63)/UDP(sport=1, dport=2)/b'x'`)],
  },
  {
    name: 'a burst leaves complete and in order',
    send: Array.from({ length: 64 }, (_, i) => lan(`IPv6(${plain}, fl=${i}, hlim=9)/${udp}`)),
    expect: Array.from({ length: 64 }, (_, i) => wan(`IPv6(${plain}, fl=${i}, hlim=8)/${udp}`)),
  },
  {
    name: 'back out of the port that it came by when its route leads there',
    send: [lan(`IPv6(src=HOST, dst=OTHER, hlim=64)/${udp}`)],
    expect: [lan(`IPv6(src=HOST, dst=OTHER, hlim=63)/${udp}`)],
  },
  refused('a blackhole route', `IPv6(src=HOST, dst=HOLE)/${udp}`, 'ip6-lookup/blackhole'),
  refused(
    "a frame for another station's MAC address",
    `Ether(dst='02:00:00:00:09:09', src=STATION_LAN)/IPv6(${plain})/${udp}`,
    'ethernet-input/other_host',
  ),
  refused(
    'a frame to a group, for a single host',
    `Ether(dst='33:33:00:00:00:01', src=STATION_LAN)/IPv6(${plain})/${udp}`,
    'ip6-lookup/link_group',
  ),
  refused(
    'a group that is not of the link is not forwarded',
    `Ether(dst='33:33:00:00:01:01', src=STATION_LAN)/IPv6(src=HOST, dst='ff05::101')/${udp}`,
    'ip6-lookup/group',
  ),
  refused(
    "another node's link-local address is not forwarded to",
    `IPv6(src=HOST, dst='fe80::77')/${udp}`,
    'ip6-lookup/link_local',
  ),
];

export const ip6Header: readonly Case[] = [
  refused(
    'version 4 in a frame of IPv6',
    `Ether(dst=MAC_LAN, src=STATION_LAN)/IPv6(${plain}, version=4)/${udp}`,
    'ip6-input/bad_version',
  ),
  refused(
    'a payload length beyond the frame',
    `IPv6(${plain}, plen=41)/${udp}`,
    'ip6-input/bad_payload_length',
  ),
  refused('a header cut short', `cut(IPv6(${plain}), 39)`, 'ip6-input/truncated'),
  refused(
    'a jumbogram',
    `IPv6(${plain}, plen=0, nh=0)/b"\\x11\\x00\\xc2\\x04\\x00\\x01\\x00\\x00"/payload(40)`,
    'ip6-input/jumbo',
  ),
  refused(
    'extension headers that end behind the packet (RFC 7112)',
    `IPv6(${plain}, nh=60)/b"\\x11\\x09"/payload(14)`,
    'ip6-input/chain_truncated',
  ),
  refused(
    'a routing header of type 0 (RFC 5095)',
    `IPv6(${plain})/IPv6ExtHdrRouting(type=0, addresses=[FAR])/${udp}`,
    'ip6-input/routing_type_0',
  ),
  refused(
    'a chain of a hundred extension headers',
    `IPv6(${plain}, nh=60)/(b"\\x3c\\x00\\x01\\x04\\x00\\x00\\x00\\x00" * 100)/payload(8)`,
    'ip6-input/chain_too_long',
  ),
];

const from = (source: string): string => `IPv6(src='${source}', dst=FAR)/${udp}`;
const to = (destination: string): string =>
  `Ether(dst=MAC_LAN, src=STATION_LAN)/IPv6(src=HOST, dst='${destination}')/${udp}`;
const martianSource = 'ip6-input/martian_source';
const martianDestination = 'ip6-input/martian_destination';

export const martians6: readonly Case[] = [
  refused('from loopback', from('::1'), martianSource),
  refused('from a group', from('ff02::1'), martianSource),
  refused('from no address, to a single one', from('::'), martianSource),
  refused('from an IPv4-mapped address', from('::ffff:10.0.0.1'), martianSource),
  refused('from an IPv4-compatible address', from('::10.0.0.1'), martianSource),
  refused('to loopback', to('::1'), martianDestination),
  refused('to no address', to('::'), martianDestination),
  refused('to an IPv4-mapped address', to('::ffff:10.0.0.1'), martianDestination),
  refused('to a group of the interface itself', to('ff01::1'), martianDestination),
  refused('to a group of scope 0', to('ff00::1'), martianDestination),
];
