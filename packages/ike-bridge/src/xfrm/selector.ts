// Addresses and selectors (linux/xfrm.h: xfrm_address_t, struct xfrm_selector, struct xfrm_id).
import { formatIp4, formatIp6, parseIp4, parseIp6, type TrafficSelector } from '@sluice/shared';
import { AF_INET, AF_INET6 } from './constants.js';
import { be16, be32, i32, octets, struct, u8, u16, u32, type ValueOf } from './struct.js';

/** A union of 16 octets: an IPv4 address is in the first four, in network order. */
export const xfrmAddress = octets(16, 4);

export const xfrmSelector = struct('xfrm_selector', {
  daddr: xfrmAddress,
  saddr: xfrmAddress,
  dport: be16,
  dport_mask: be16,
  sport: be16,
  sport_mask: be16,
  family: u16,
  prefixlen_d: u8,
  prefixlen_s: u8,
  proto: u8,
  ifindex: i32,
  user: u32,
});
export type XfrmSelector = ValueOf<typeof xfrmSelector>;

export const xfrmId = struct('xfrm_id', { daddr: xfrmAddress, spi: be32, proto: u8 });

export function isFamily(family: number): boolean {
  return family === AF_INET || family === AF_INET6;
}

/** The canonical text of an address; any family but AF_INET6 is read as IPv4. */
export function addressFromXfrm(address: Buffer, family: number): string {
  if (family !== AF_INET6) return formatIp4(address.readUInt32BE(0));
  return formatIp6([0, 4, 8, 12].map((at) => address.readUInt32BE(at)));
}

/** Throws on anything but an address: callers hold validated ones. */
export function addressToXfrm(address: string): Buffer {
  const four = parseIp4(address);
  const words = four === null ? parseIp6(address) : [four];
  if (words === null) throw new TypeError(`"${address}" is not an IP address`);
  const bytes = Buffer.alloc(16);
  words.forEach((word, i) => void bytes.writeUInt32BE(word, i * 4));
  return bytes;
}

export function addressFamily(address: string): number {
  return address.includes(':') ? AF_INET6 : AF_INET;
}

const PORT_MAX = 65_535;
const ANY_PORTS: [number, number] = [0, PORT_MAX];
export const ANY_TRAFFIC = { protocol: 0, src_ports: ANY_PORTS, dst_ports: ANY_PORTS };

/** ICMP and ICMPv6, whose selectors have a type and a code where others have ports. */
const ICMP = [1, 58];

/** Null for a selector that selects nothing in particular, as charon leaves it on SAs in tunnel mode. */
export function trafficSelectorOf(selector: XfrmSelector): TrafficSelector | null {
  if (!isFamily(selector.family)) return null;
  const { sport, sport_mask, dport, dport_mask, proto } = selector;
  const ports = ICMP.includes(proto)
    ? { src_ports: icmpRange(selector), dst_ports: ANY_PORTS }
    : { src_ports: portRange(sport, sport_mask), dst_ports: portRange(dport, dport_mask) };
  return {
    src: prefixFromXfrm(selector.saddr, selector.prefixlen_s, selector.family),
    dst: prefixFromXfrm(selector.daddr, selector.prefixlen_d, selector.family),
    protocol: proto,
    ...ports,
  };
}

function prefixFromXfrm(address: Buffer, prefixLength: number, family: number): string {
  const length = Math.min(prefixLength, widthOf(family));
  const network = Buffer.alloc(16);
  for (let i = 0; i * 8 < length; i++) network[i] = address[i]! & octetMask(length, i);
  return `${addressFromXfrm(network, family)}/${length}`;
}

const widthOf = (family: number): number => (family === AF_INET6 ? 128 : 32);

/** The part of a prefix length's mask in octet `index`. */
function octetMask(length: number, index: number): number {
  return (0xff00 >> Math.max(0, Math.min(8, length - index * 8))) & 0xff;
}

/** Masks of charon have their ones first; of any other the range around it is taken. */
function portRange(port: number, mask: number): [number, number] {
  const free = PORT_MAX & ~mask;
  const width = free === 0 ? 0 : 32 - Math.clz32(free);
  const low = (port >>> width) << width;
  return [low, low | ((1 << width) - 1)];
}

/**
 * The kernel has the type in sport and the code in dport; here they are as RFC 4301 section 4.4.1.1 has them,
 * type << 8 | code. charon's mask of a type 0 without a code (echo reply) is that of its upper octet.
 */
function icmpRange({ sport, sport_mask, dport, dport_mask }: XfrmSelector): [number, number] {
  const type = sport & 0xff;
  if (sport_mask === 0) return ANY_PORTS;
  const exact = sport_mask === 0xffff && dport_mask === 0xffff;
  return exact
    ? [(type << 8) | (dport & 0xff), (type << 8) | (dport & 0xff)]
    : [type << 8, (type << 8) | 255];
}

export const EMPTY_SELECTOR: XfrmSelector = xfrmSelector.read(Buffer.alloc(xfrmSelector.size), 0);

/** The inverse of trafficSelectorOf, for prefixes of one family and ranges that a mask expresses. */
export function selectorOf(traffic: TrafficSelector | null): XfrmSelector {
  if (traffic === null) return EMPTY_SELECTOR;
  const [saddr = '', prefixlen_s = ''] = traffic.src.split('/');
  const [daddr = '', prefixlen_d = ''] = traffic.dst.split('/');
  const ports = ICMP.includes(traffic.protocol)
    ? icmpPorts(traffic.src_ports)
    : {
        ...{ sport: traffic.src_ports[0], sport_mask: portMask(traffic.src_ports) },
        ...{ dport: traffic.dst_ports[0], dport_mask: portMask(traffic.dst_ports) },
      };
  return {
    ...EMPTY_SELECTOR,
    ...ports,
    family: addressFamily(saddr),
    saddr: addressToXfrm(saddr),
    prefixlen_s: Number(prefixlen_s),
    daddr: addressToXfrm(daddr),
    prefixlen_d: Number(prefixlen_d),
    proto: traffic.protocol,
  };
}

const portMask = ([from, to]: [number, number]): number => PORT_MAX & ~(to - from);

function icmpPorts([from, to]: [number, number]) {
  if (to - from === PORT_MAX) return { sport: 0, sport_mask: 0, dport: 0, dport_mask: 0 };
  const exact = from === to;
  return {
    sport: from >>> 8,
    sport_mask: 0xffff,
    dport: exact ? from & 0xff : 0,
    dport_mask: exact ? 0xffff : 0,
  };
}

/** True when a packet with these addresses and protocol is what a selector selects. Ports are not looked at. */
export function selects(selector: XfrmSelector, src: string, dst: string, protocol: number): boolean {
  return (
    (selector.proto === 0 || selector.proto === protocol) &&
    inPrefix(selector.saddr, selector.prefixlen_s, selector.family, src) &&
    inPrefix(selector.daddr, selector.prefixlen_d, selector.family, dst)
  );
}

function inPrefix(network: Buffer, length: number, family: number, address: string): boolean {
  if (addressFamily(address) !== family) return false;
  const octets = addressToXfrm(address);
  for (let i = 0; i * 8 < Math.min(length, widthOf(family)); i++) {
    if (((network[i]! ^ octets[i]!) & octetMask(length, i)) !== 0) return false;
  }
  return true;
}
