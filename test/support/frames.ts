// Ethernet frames by hand, for what no well-behaved sender would send.
import { readFileSync } from 'node:fs';
import { parseIp4 } from '@sluice/shared';

export const ETHERTYPE_IP4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ESP = 50;

export interface Stations {
  /** MAC addresses, `aa:bb:cc:dd:ee:ff`. */
  to: string;
  from: string;
}

/** Numbers that a seed repeats: mulberry32, by Tommy Ettinger, in the public domain. */
export class Dice {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

export function ethernet({ to, from }: Stations, type: number, payload: Buffer): Buffer {
  const header = Buffer.concat([mac(to), mac(from), Buffer.alloc(2)]);
  header.writeUInt16BE(type, 12);
  return Buffer.concat([header, payload]);
}

export interface Ip4Fields {
  src: string;
  dst: string;
  protocol: number;
  ttl?: number;
  /** Flags and offset, as they stand in the header. */
  fragment?: number;
}

/** A packet whose header is right. */
export function ip4(fields: Ip4Fields, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(fields.fragment ?? 0, 6);
  header[8] = fields.ttl ?? 64;
  header[9] = fields.protocol;
  header.writeUInt32BE(parseIp4(fields.src) ?? 0, 12);
  header.writeUInt32BE(parseIp4(fields.dst) ?? 0, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** RFC 1071; the checksum field counts as it is. */
function checksum(octets: Buffer): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) sum += octets.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A datagram without a checksum (RFC 768 allows that). */
export function udp(src: number, dst: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(src, 0);
  header.writeUInt16BE(dst, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function esp(spi: number, sequence: number, rest: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(spi >>> 0, 0);
  header.writeUInt32BE(sequence >>> 0, 4);
  return Buffer.concat([header, rest]);
}

export interface ArpFields {
  operation: number;
  senderMac: string;
  senderIp: string;
  targetIp: string;
}

export function arp({ operation, senderMac, senderIp, targetIp }: ArpFields): Buffer {
  const message = Buffer.alloc(28);
  message.set([0, 1, 8, 0, 6, 4, 0, operation]);
  mac(senderMac).copy(message, 8);
  message.writeUInt32BE(parseIp4(senderIp) ?? 0, 14);
  message.writeUInt32BE(parseIp4(targetIp) ?? 0, 24);
  return message;
}

/** The frames of a pcap file of this machine's byte order (pcap-savefile(5)). */
export function framesOf(path: string): Buffer[] {
  const file = readFileSync(path);
  const frames: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}
