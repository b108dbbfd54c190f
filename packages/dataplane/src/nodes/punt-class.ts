// The class that a packet for Linux is policed in, and what tells its source from others.

import {
  PUNT_ARP,
  PUNT_DHCP,
  PUNT_ICMP,
  PUNT_IKE,
  PUNT_LOGIN,
  PUNT_ND,
  PUNT_OTHER,
  PUNT_ROUTING,
  PUNT_TCP,
} from '../graph/punt-policer.js';
import { FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import { ARP_SENDER_IP } from '../wire/arp.js';
import { ETHERNET_BYTES, ETHERTYPE_ARP } from '../wire/ethernet.js';
import { isNeighbourDiscovery } from '../wire/icmp6.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_FRAGMENTED,
  IP4_PROTOCOL,
  IP4_SRC,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readI32,
  readU16,
  swap16,
  swap32,
} from '../wire/ip4.js';
import { IP6_SRC, PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';
import { PORT_IKE, PORT_IKE_NAT, UDP_BYTES, UDP_DST, UDP_SRC } from '../wire/udp.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FRAGMENTED = IP4_FRAGMENTED;
const UDP = PROTOCOL_UDP;
const swap = swap32;

/** Of an Ethernet header, the last four octets of the source. */
const MAC_SRC_LAST4 = 8;

/** IANA's "Protocol Numbers" and "Service Name and Port Number Registry". */
const PROTOCOL_EIGRP = 88;
const PROTOCOL_OSPF = 89;
const PROTOCOL_PIM = 103;
const PROTOCOL_VRRP = 112;
const PORT_SSH = 22;
const PORT_TELNET = 23;
const PORT_BGP = 179;
const PORT_DHCP4_SERVER = 67;
const PORT_DHCP4_CLIENT = 68;
const PORT_RIP = 520;
const PORT_RIPNG = 521;
const PORT_DHCP6_CLIENT = 546;
const PORT_DHCP6_SERVER = 547;
const PORT_LDP = 646;
const PORT_BFD = 3784;
const PORT_BFD_ECHO = 3785;
const PORT_BFD_MULTIHOP = 4784;

/** What the class of a packet at `l3` is: PUNT_…; `l3` is `offset` for what has no link header. */
export function puntClass(pool: PacketPool, packet: number): number {
  const { bytes, i32 } = pool;
  const l3 = pool.l3[packet]!;
  const offset = pool.offset[packet]!;
  if (l3 !== offset && readU16(bytes, l3 - 2) === ETHERTYPE_ARP) return PUNT_ARP;
  const end = offset + pool.length[packet]!;
  const word = l3 >>> 2;
  // UDP in one piece behind a header without options, to a port that tells its class: most of what is not TCP.
  if (l3 + 24 <= end && (i32[word]! & 0xff) === 0x45 && (i32[word + 1]! & FRAGMENTED) === 0) {
    const port = swap16(i32[word + 5]! >>> 16);
    if (((i32[word + 2]! >>> 8) & 0xff) === UDP && port !== PORT_IKE_NAT) return udpClass(port);
  }
  if (bytes[l3]! >>> 4 === 4) {
    const protocol = bytes[l3 + IP4_PROTOCOL]!;
    const first = (readU16(bytes, l3 + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) === 0;
    return protocol === PROTOCOL_ICMP
      ? PUNT_ICMP
      : classOf(pool, packet, protocol, first ? l3 + headerBytes(bytes, l3) : end, end);
  }
  findIp6Upper(bytes, l3, end);
  const { protocol, at, laterFragment } = ip6Upper;
  if (protocol !== PROTOCOL_ICMP6) return classOf(pool, packet, protocol, laterFragment ? end : at, end);
  return !laterFragment && at < end && isNeighbourDiscovery(bytes[at]!) ? PUNT_ND : PUNT_ICMP;
}

/** Of a packet of the class PUNT_LOGIN: whether it is for a Telnet server. */
export function isForTelnet(pool: PacketPool, packet: number): boolean {
  const { bytes } = pool;
  const l3 = pool.l3[packet]!;
  if (bytes[l3]! >>> 4 === 4) return readU16(bytes, l3 + headerBytes(bytes, l3) + UDP_DST) === PORT_TELNET;
  findIp6Upper(bytes, l3, pool.offset[packet]! + pool.length[packet]!);
  return readU16(bytes, ip6Upper.at + UDP_DST) === PORT_TELNET;
}

/**
 * Differs between sources more often than not. Hosts that have no address yet (DHCP, duplicate address detection) are
 * told apart by their MAC addresses: one of them must not use up the share of all. Those behind a `member` of a bridge,
 * unless it is 0, are one: they may make up as many addresses as they like.
 */
export function sourceHash(pool: PacketPool, packet: number, member: number): number {
  if (member !== 0) return Math.imul(member, 0x9e3779b1) >>> 26;
  const { bytes } = pool;
  const l3 = pool.l3[packet]!;
  const framed = l3 !== pool.offset[packet]!;
  let word: number;
  if (framed && readU16(bytes, l3 - 2) === ETHERTYPE_ARP) {
    word = readI32(bytes, l3 - ETHERNET_BYTES + ARP_SENDER_IP);
  } else if (bytes[l3]! >>> 4 === 4) {
    word = swap(pool.i32[(l3 + IP4_SRC) >>> 2]!);
  } else {
    const src = l3 + IP6_SRC;
    word = readI32(bytes, src) ^ readI32(bytes, src + 4) ^ readI32(bytes, src + 8) ^ readI32(bytes, src + 12);
  }
  if (word === 0 && framed) word = readI32(bytes, l3 - ETHERNET_BYTES + MAC_SRC_LAST4);
  // A multiplicative hash (Knuth, 6.4): its high bits depend on all of the word's.
  return Math.imul(word, 0x9e3779b1) >>> 26;
}

/** By protocol and ports; the upper layer's header is at `at`, or nowhere before `end`. */
function classOf(pool: PacketPool, packet: number, protocol: number, at: number, end: number): number {
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) {
    const { bytes } = pool;
    if (at + 4 <= end) {
      const destination = readU16(bytes, at + UDP_DST);
      if (protocol === PROTOCOL_TCP) return tcpClass(readU16(bytes, at + UDP_SRC), destination);
      // Without the marker of RFC 3948 section 2.2 it is no IKE, whatever its port.
      const marked = at + UDP_BYTES + 4 <= end && readI32(bytes, at + UDP_BYTES) === 0;
      if (destination === PORT_IKE_NAT) return marked ? PUNT_IKE : PUNT_OTHER;
      return udpClass(destination);
    }
    if (pool.flags[packet]! & FLAG_PORTS) {
      const ports = pool.ports[packet]!;
      if (protocol === PROTOCOL_TCP) return tcpClass(ports >>> 16, ports & 0xffff);
      return (ports & 0xffff) === PORT_IKE_NAT ? PUNT_IKE : udpClass(ports & 0xffff);
    }
    return protocol === PROTOCOL_TCP ? PUNT_TCP : PUNT_OTHER;
  }
  const routing =
    protocol === PROTOCOL_OSPF ||
    protocol === PROTOCOL_EIGRP ||
    protocol === PROTOCOL_PIM ||
    protocol === PROTOCOL_VRRP;
  return routing ? PUNT_ROUTING : PUNT_OTHER;
}

/** Sessions that the box opened itself count too: of those the well-known port is the source. */
function tcpClass(source: number, destination: number): number {
  if (destination === PORT_SSH || destination === PORT_TELNET) return PUNT_LOGIN;
  if (destination === PORT_BGP || source === PORT_BGP) return PUNT_ROUTING;
  return destination === PORT_LDP || source === PORT_LDP ? PUNT_ROUTING : PUNT_TCP;
}

function udpClass(destination: number): number {
  switch (destination) {
    case PORT_IKE:
      return PUNT_IKE;
    case PORT_DHCP4_SERVER:
    case PORT_DHCP4_CLIENT:
    case PORT_DHCP6_CLIENT:
    case PORT_DHCP6_SERVER:
      return PUNT_DHCP;
    case PORT_RIP:
    case PORT_RIPNG:
    case PORT_LDP:
    case PORT_BFD:
    case PORT_BFD_ECHO:
    case PORT_BFD_MULTIHOP:
      return PUNT_ROUTING;
    default:
      return PUNT_OTHER;
  }
}
