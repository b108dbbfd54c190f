// A line of text for a packet, for traces.
import { formatIp4, formatIp6 } from '@sluice/shared/net';
import type { PacketPool } from '../memory/packet-pool.js';
import { ETHERTYPE_ARP, ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { PROTOCOL_ESP, PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from '../wire/ip4.js';
import { PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';

const PROTOCOLS = new Map([
  [PROTOCOL_ICMP, 'ICMP'],
  [PROTOCOL_TCP, 'TCP'],
  [PROTOCOL_UDP, 'UDP'],
  [PROTOCOL_ESP, 'ESP'],
  [PROTOCOL_ICMP6, 'ICMPv6'],
]);

/** Describes the packet from its current first byte on, which is an IP or an Ethernet header. */
export function describePacket(pool: PacketPool, packet: number): string {
  const offset = pool.offset[packet]!;
  const view = new DataView(pool.bytes.buffer, offset, pool.length[packet]!);
  if (view.byteLength === 0) return 'empty';
  if (pool.l3[packet] === offset && view.getUint8(0) >>> 4 === 4) return describeIp4(view, 0);
  if (pool.l3[packet] === offset && view.getUint8(0) >>> 4 === 6) return describeIp6(pool, offset, view, 0);
  if (view.byteLength < 14) return `${view.byteLength} octets`;
  const etherType = view.getUint16(12);
  if (etherType === ETHERTYPE_IP4) return describeIp4(view, 14);
  if (etherType === ETHERTYPE_IP6) return describeIp6(pool, offset, view, 14);
  if (etherType === ETHERTYPE_ARP && view.byteLength >= 42) {
    const operation = view.getUint16(20) === 1 ? 'who has' : 'reply to';
    return `ARP ${operation} ${formatIp4(view.getUint32(38))} from ${formatIp4(view.getUint32(28))}`;
  }
  return `ethertype 0x${etherType.toString(16).padStart(4, '0')}`;
}

function describeIp4(view: DataView, ip: number): string {
  if (view.byteLength < ip + 20) return `IPv4, cut off at ${view.byteLength - ip} octets`;
  const protocol = view.getUint8(ip + 9);
  const fragment = view.getUint16(ip + 6);
  const parts = [
    `${formatIp4(view.getUint32(ip + 12))} > ${formatIp4(view.getUint32(ip + 16))}`,
    PROTOCOLS.get(protocol) ?? `protocol ${protocol}`,
    `ttl ${view.getUint8(ip + 8)}`,
    `length ${view.getUint16(ip + 2)}`,
  ];
  if (fragment & 0x4000) parts.push('DF');
  if (fragment & 0x3fff) parts.push(`fragment at ${(fragment & 0x1fff) * 8}${fragment & 0x2000 ? '+' : ''}`);
  const payload = ip + (view.getUint8(ip) & 15) * 4;
  if (protocol === PROTOCOL_ESP && view.byteLength >= payload + 8) {
    parts.push(
      `spi ${view.getUint32(payload).toString(16).padStart(8, '0')} seq ${view.getUint32(payload + 4)}`,
    );
  }
  return parts.join(' ');
}

function describeIp6(pool: PacketPool, offset: number, view: DataView, ip: number): string {
  if (view.byteLength < ip + 40) return `IPv6, cut off at ${view.byteLength - ip} octets`;
  const address = (at: number): string =>
    formatIp6([0, 4, 8, 12].map((word) => view.getUint32(ip + at + word)));
  findIp6Upper(pool.bytes, offset + ip, offset + view.byteLength);
  const { protocol, fragmentAt } = ip6Upper;
  const parts = [
    `${address(8)} > ${address(24)}`,
    PROTOCOLS.get(protocol) ?? `protocol ${protocol}`,
    `hop limit ${view.getUint8(ip + 7)}`,
    `length ${40 + view.getUint16(ip + 4)}`,
  ];
  if (fragmentAt !== 0) {
    const word = view.getUint16(fragmentAt - offset + 2);
    parts.push(`fragment at ${word & 0xfff8}${word & 1 ? '+' : ''}`);
  }
  const payload = ip6Upper.at - offset;
  if (protocol === PROTOCOL_ESP && !ip6Upper.laterFragment && view.byteLength >= payload + 8) {
    parts.push(
      `spi ${view.getUint32(payload).toString(16).padStart(8, '0')} seq ${view.getUint32(payload + 4)}`,
    );
  }
  return parts.join(' ');
}
