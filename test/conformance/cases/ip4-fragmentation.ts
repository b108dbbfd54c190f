// Fragmentation on forwarding (RFC 791 section 3.2, RFC 1812 section 4.2.2.7): the WAN's MTU is 1400.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/two-ports.js';

/** Octets behind the header that fit the MTU, in units of 8. */
const ROOM = 1376;

/** A packet that leaves as `count` fragments, or one with `header` fields. */
function cutInto(name: string, count: number, header: string, body: string, room = ROOM): Case {
  return {
    name,
    send: [lan(`IP(src=HOST, dst=FAR, ttl=64, ${header})/${body}`)],
    expect: Array.from({ length: count }, (_, i) =>
      wan(`fragments(IP(src=HOST, dst=FAR, ttl=63, ${header})/${body}, ${room})[${i}]`),
    ),
    counters: { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': count },
  };
}

export const ip4Fragmentation: readonly Case[] = [
  cutInto('one octet over the MTU: two fragments', 2, 'id=100', 'payload(1381)'),
  cutInto('a full Ethernet frame: two fragments', 2, 'id=101', 'UDP(sport=1, dport=2)/payload(1472)'),
  cutInto('DSCP and ECN are in every fragment', 2, 'id=102, tos=0xbb', 'payload(1400)'),
  cutInto('a first fragment is cut again', 2, "id=103, flags='MF'", 'payload(1480)'),
  cutInto('a middle fragment is cut again', 2, "id=104, flags='MF', frag=185", 'payload(1480)'),
  cutInto('a last fragment is cut again', 2, 'id=105, frag=370', 'payload(1477)'),
  cutInto('identification 0 stays', 2, 'id=0', 'payload(1450)'),
  {
    name: 'options: all in the first fragment, those with the copied flag in the others (RFC 791)',
    send: [
      lan(
        'IP(src=HOST, dst=FAR, ttl=64, id=106, options=[IPOption_RR(routers=["0.0.0.0"]), IPOption_Router_Alert()])/payload(1450)',
      ),
    ],
    expect: [
      wan(
        'IP(src=HOST, dst=FAR, ttl=63, id=106, flags="MF", options=[IPOption_RR(routers=["0.0.0.0"]), IPOption_Router_Alert()])/payload(1450)[:1368]',
      ),
      wan(
        'IP(src=HOST, dst=FAR, ttl=63, id=106, frag=171, options=[IPOption_Router_Alert()])/payload(1450)[1368:]',
      ),
    ],
    counters: { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
  },
  {
    name: 'DF: not cut, answered with the MTU of the way out',
    send: [lan("IP(src=HOST, dst=FAR, flags='DF', id=107)/UDP(sport=1, dport=2)/payload(1400)")],
    expect: [
      lan(
        "icmp_error(LAN, HOST, IP(src=HOST, dst=FAR, flags='DF', id=107)/UDP(sport=1, dport=2)/payload(1400), 3, 4, 1400)",
      ),
    ],
    counters: { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: 'DF in a fragment: not cut, and no error about what is not the first',
    send: [lan("IP(src=HOST, dst=FAR, flags='DF+MF', frag=185, id=108)/payload(1400)")],
    counters: { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/about_fragment': 1, 'lan.drops': 1 },
  },
  {
    name: 'TTL 1 and too large: time exceeded, not fragments',
    send: [lan('IP(src=HOST, dst=FAR, ttl=1, id=109)/payload(1400)')],
    expect: [lan('icmp_error(LAN, HOST, IP(src=HOST, dst=FAR, ttl=1, id=109)/payload(1400), 11, 0)')],
    counters: { 'ip4-rewrite/ttl_expired': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: 'a fragment whose end would lie beyond 65,535 octets is not cut further (ping of death)',
    send: [lan('IP(src=HOST, dst=FAR, id=110, frag=8189)/payload(1400)')],
    counters: { 'ip4-rewrite/too_big': 1, 'ip4-frag/bad_offset': 1, 'lan.drops': 1 },
  },
  {
    name: 'fragments do not overtake what came before',
    send: [
      lan('IP(src=HOST, dst=FAR, ttl=64, id=111)/payload(1400)'),
      lan('IP(src=HOST, dst=FAR, ttl=64, id=112)/payload(1400)'),
    ],
    expect: [111, 112].flatMap((id) =>
      [0, 1].map((i) =>
        wan(`fragments(IP(src=HOST, dst=FAR, ttl=63, id=${id})/payload(1400), ${ROOM})[${i}]`),
      ),
    ),
    counters: { 'ip4-rewrite/too_big': 2, 'ip4-frag/fragments': 4 },
  },
];
