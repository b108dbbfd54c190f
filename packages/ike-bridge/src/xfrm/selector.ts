// Addresses and selectors (linux/xfrm.h: xfrm_address_t, struct xfrm_selector, struct xfrm_id).
import { formatIp4, parseIp4, parseIp4Prefix } from '@sluice/shared';
import { AF_INET } from './constants.js';
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

export function ip4FromXfrm(address: Buffer): string {
  return formatIp4(address.readUInt32BE(0));
}

/** Dotted quad to xfrm_address_t. Throws on anything else: callers hold validated addresses. */
export function ip4ToXfrm(address: string): Buffer {
  const value = parseIp4(address);
  if (value === null) throw new TypeError(`"${address}" is not an IPv4 address`);
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `a.b.c.d/n` of one side of an IPv4 selector. */
function prefixOf(address: Buffer, length: number): string {
  return `${ip4FromXfrm(address)}/${Math.min(length, 32)}`;
}

export interface TrafficSelector {
  src: string;
  dst: string;
  protocol: number;
}

/** Null for a selector that selects nothing in particular, as charon leaves it on SAs in tunnel mode. */
export function trafficSelectorOf(selector: XfrmSelector): TrafficSelector | null {
  if (selector.family !== AF_INET) return null;
  return {
    src: prefixOf(selector.saddr, selector.prefixlen_s),
    dst: prefixOf(selector.daddr, selector.prefixlen_d),
    protocol: selector.proto,
  };
}

export const EMPTY_SELECTOR: XfrmSelector = xfrmSelector.read(Buffer.alloc(xfrmSelector.size), 0);

/** The inverse of trafficSelectorOf. */
export function selectorOf(traffic: TrafficSelector | null): XfrmSelector {
  const src = traffic === null ? null : parseIp4Prefix(traffic.src);
  const dst = traffic === null ? null : parseIp4Prefix(traffic.dst);
  if (traffic === null || src === null || dst === null) return EMPTY_SELECTOR;
  return {
    ...EMPTY_SELECTOR,
    family: AF_INET,
    saddr: ip4ToXfrm(formatIp4(src.address)),
    prefixlen_s: src.length,
    daddr: ip4ToXfrm(formatIp4(dst.address)),
    prefixlen_d: dst.length,
    proto: traffic.protocol,
  };
}

/** True when a packet with these addresses and protocol is what an IPv4 selector selects. Ports are not looked at. */
export function selects(selector: XfrmSelector, src: string, dst: string, protocol: number): boolean {
  return (
    selector.family === AF_INET &&
    (selector.proto === 0 || selector.proto === protocol) &&
    inPrefix(selector.saddr, selector.prefixlen_s, src) &&
    inPrefix(selector.daddr, selector.prefixlen_d, dst)
  );
}

function inPrefix(network: Buffer, length: number, address: string): boolean {
  const value = parseIp4(address);
  if (value === null) return false;
  if (length === 0) return true;
  const shift = 32 - Math.min(length, 32);
  return network.readUInt32BE(0) >>> shift === value >>> shift;
}
