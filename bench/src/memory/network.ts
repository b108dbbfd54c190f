// The network of the in-memory benchmarks: hosts behind `lan`, next hops behind `wan`.
import type { BenchTables } from '@sluice/dataplane/test-support';
import { NEXT_HOPS } from './workload.js';

export const LAN_MAC = Uint8Array.of(2, 0, 0, 0, 1, 1);
export const WAN_MAC = Uint8Array.of(2, 0, 0, 0, 2, 1);
export const HOST_MAC = Uint8Array.of(2, 0, 0, 0, 0xff, 1);
export const ETHERNET = 14;
/** What 64 octets on the wire are without the checksum. */
export const FRAME_64 = 60;

export function nextHop(index: number): string {
  return `10.2.0.${2 + index}`;
}

export function nextHop6(index: number): string {
  return `2001:db8:2::${(2 + index).toString(16)}`;
}

/** 10.1.0.1/24 and 2001:db8:1::1/64 on `lan`, 10.2.0.1/24 and 2001:db8:2::1/64 on `wan`, and all next hops known. */
export function network(wanMtu = 1500): BenchTables {
  const neighbours = Array.from({ length: NEXT_HOPS }, (_, i) => {
    const mac = `02:00:00:00:fe:${(i + 1).toString(16).padStart(2, '0')}`;
    return [
      { interface: 'wan', address: nextHop(i), mac },
      { interface: 'wan', address: nextHop6(i), mac },
    ];
  });
  return {
    interfaces: [
      { name: 'lan', address: '10.1.0.1/24', address6: '2001:db8:1::1/64' },
      { name: 'wan', address: '10.2.0.1/24', address6: '2001:db8:2::1/64', mtu: wanMtu },
    ],
    neighbours: neighbours.flat(),
  };
}

export function writeEthernet(bytes: Uint8Array, at: number, to: Uint8Array, type: number): void {
  bytes.set(to, at);
  bytes.set(HOST_MAC, at + 6);
  bytes[at + 12] = type >>> 8;
  bytes[at + 13] = type;
}

export interface Ip4Header {
  /** Octets of the whole packet. */
  total: number;
  protocol: number;
  /** 32 bits. */
  source: number;
  destination: number;
  id?: number;
  /** Flags and offset. */
  fragment?: number;
}

export function writeIp4(bytes: Uint8Array, at: number, header: Ip4Header): void {
  const { total, protocol, source, destination, id = 0x1234, fragment = 0 } = header;
  const ttl = 64;
  let sum = 0x4500 + total + id + fragment + ((ttl << 8) | protocol);
  sum += (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = ~(sum + (sum >>> 16)) & 0xffff;
  put16(bytes, at, 0x4500);
  put16(bytes, at + 2, total);
  put16(bytes, at + 4, id);
  put16(bytes, at + 6, fragment);
  bytes[at + 8] = ttl;
  bytes[at + 9] = protocol;
  put16(bytes, at + 10, sum);
  put32(bytes, at + 12, source);
  put32(bytes, at + 16, destination);
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value & 0xffff);
}
