// Neighbour discovery at the box (RFC 4861): solicitations answered, and what is not believed.
import type { Case } from '../support/case.js';
import { lan } from '../support/two-ports6.js';

const GROUP = 'ff02::1:ff00:1';
/** To the solicited-node group of the box's address at the LAN. */
const toGroup = "Ether(src=STATION_LAN, dst='33:33:ff:00:00:01')";
const source = 'ICMPv6NDOptSrcLLAddr(lladdr=STATION_LAN)';
const asks = (more = ''): string =>
  `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt=LAN${more})`;
const answer = (to: string, solicited: number): string =>
  `IPv6(src=LAN, dst=${to}, hlim=255)/ICMPv6ND_NA(R=1, S=${solicited}, O=1, tgt=LAN)/ICMPv6NDOptDstLLAddr(lladdr=MAC_LAN)`;

const answered = (name: string, question: string, expected: string): Case => ({
  name,
  watch: ['nd', 'all-nodes'],
  send: [lan(question)],
  expect: [lan(expected)],
  counters: { 'icmp6-nd-input/answered': 1 },
});

const refused = (name: string, packet: string, counter: string): Case => ({
  name,
  watch: ['nd'],
  send: [lan(packet)],
  counters: { [`icmp6-nd-input/${counter}`]: 1, 'lan.drops': 1 },
});

const router = (more = ''): string =>
  `Ether(src=STATION_LAN, dst='33:33:00:00:00:01')/IPv6(src=LINK_LOCAL, dst='ff02::1', hlim=255${more})/ICMPv6ND_RA(routerlifetime=1800)/ICMPv6NDOptPrefixInfo(prefix='2001:db8:66::', prefixlen=64)`;

export const neighbourDiscovery: readonly Case[] = [
  answered(
    'a solicitation to the group is answered: router, solicited, override, our MAC address',
    `${asks()}/${source}`,
    answer('HOST', 1),
  ),
  answered('one without an option', asks(), answer('HOST', 1)),
  answered(
    'one to the address itself, which looks whether it is still there',
    `IPv6(src=HOST, dst=LAN, hlim=255)/ICMPv6ND_NS(tgt=LAN)/${source}`,
    answer('HOST', 1),
  ),
  answered(
    'from a link-local address',
    `${toGroup}/IPv6(src=LINK_LOCAL, dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt=LAN)/${source}`,
    answer('LINK_LOCAL', 1),
  ),
  answered(
    'who wants the address itself is told that it is taken, as all nodes are (RFC 4862 section 5.4.3)',
    `${toGroup}/IPv6(src='::', dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt=LAN)`,
    `Ether(src=MAC_LAN, dst='33:33:00:00:00:01')/${answer("'ff02::1'", 0)}`,
  ),
  answered(
    'an option of another kind is skipped',
    `${asks()}/ICMPv6NDOptUnknown(type=200, len=1, data=payload(6))/${source}`,
    answer('HOST', 1),
  ),
  refused(
    'hop limit 254',
    `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=254)/ICMPv6ND_NS(tgt=LAN)/${source}`,
    'bad_hop_limit',
  ),
  refused('a wrong checksum', `${asks(', cksum=0x1234')}/${source}`, 'bad_checksum'),
  refused('code 1', `${asks(', code=1')}/${source}`, 'bad_code'),
  refused('an option of length 0', `${asks()}/Raw(bytes([1, 0, 2, 0, 0, 0, 1, 2]))`, 'bad_option'),
  refused(
    'an option longer than the message',
    `${asks()}/Raw(bytes([1, 2, 2, 0, 0, 0, 1, 2]))`,
    'bad_option',
  ),
  refused(
    'shorter than a solicitation',
    `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=255)/ICMPv6Unknown(type=135, msgbody=bytes(16))`,
    'truncated',
  ),
  refused(
    'for an address that is not ours',
    `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt='2001:db8:1::aa00:1')/${source}`,
    'not_for_us',
  ),
  refused(
    'for a group',
    `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt='ff02::1')/${source}`,
    'bad_target',
  ),
  refused(
    'from nobody, with a link-layer address',
    `${toGroup}/IPv6(src='::', dst='${GROUP}', hlim=255)/ICMPv6ND_NS(tgt=LAN)/${source}`,
    'unspecified_with_link_address',
  ),
  {
    name: 'from nobody, to the address itself: no IPv6 packet comes from there',
    watch: ['nd'],
    send: [lan("IPv6(src='::', dst=LAN, hlim=255)/ICMPv6ND_NS(tgt=LAN)")],
    counters: { 'ip6-input/martian_source': 1, 'lan.drops': 1 },
  },
  refused(
    'in a fragment (RFC 6980)',
    `${toGroup}/IPv6(src=HOST, dst='${GROUP}', hlim=255)/IPv6ExtHdrFragment(nh=58)/ICMPv6ND_NS(tgt=LAN)`,
    'fragmented',
  ),
  refused('a router advertises itself where accept_ra is off', router(), 'router_not_asked'),
  refused(
    'one from beyond the link',
    router(', hlim=254').replace('hlim=255, hlim', 'hlim'),
    'bad_hop_limit',
  ),
  refused('one from an address that is not link-local', router().replace('LINK_LOCAL', 'HOST'), 'bad_source'),
  refused(
    'a redirect: the box follows none',
    'IPv6(src=LINK_LOCAL, dst=LAN, hlim=255)/ICMPv6ND_Redirect(tgt=LINK_LOCAL, dst=FAR)',
    'redirect',
  ),
];
