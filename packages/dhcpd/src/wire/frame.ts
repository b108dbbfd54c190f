// Ethernet frames with DHCP in UDP in IPv4, as they go to clients that have no address yet and come from them.
import { readMemberTag } from '@sluice/shared';
import { foldChecksum, sumWords } from './checksum.js';

export const ETHERNET_BYTES = 14;
const AT_SOURCE = 6;
const AT_TYPE = 12;
const ETHERTYPE_IP4 = 0x0800;

/** RFC 791 section 3.1. */
const IP4_BYTES = 20;
const AT_LENGTH = 2;
const AT_FRAGMENT = 6;
const AT_PROTOCOL = 9;
const AT_CHECKSUM = 10;
const AT_SRC = 12;
const AT_DST = 16;
const PROTOCOL_UDP = 17;
/** MF and the offset. */
const FRAGMENTED = 0x3fff;
const TTL = 64;

/** RFC 768. */
const UDP_BYTES = 8;
const UDP_LENGTH = 4;
const UDP_CHECKSUM = 6;

export const FRAME_HEADERS = ETHERNET_BYTES + IP4_BYTES + UDP_BYTES;

export interface Datagram {
  /** Of the frame: who sent it on this link. */
  sourceMac: Buffer;
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
  payload: Buffer;
  /** Of a bridge: which one; empty where the data plane did not say. */
  member: string;
}

/**
 * Views into a frame. Null for what is no whole datagram of UDP over IPv4, or whose checksums are wrong; that of UDP is
 * not looked at when the kernel says that the sending device was to write it (`udpChecked`).
 */
export function parseFrame(frame: Buffer, udpChecked: boolean): Datagram | null {
  if (frame.length < FRAME_HEADERS || frame.readUInt16BE(AT_TYPE) !== ETHERTYPE_IP4) return null;
  const ip = ETHERNET_BYTES;
  const header = (frame[ip]! & 15) * 4;
  const length = frame.readUInt16BE(ip + AT_LENGTH);
  if (frame[ip]! >>> 4 !== 4 || header < IP4_BYTES || frame.length < ip + length) return null;
  if (frame[ip + AT_PROTOCOL] !== PROTOCOL_UDP || frame.readUInt16BE(ip + AT_FRAGMENT) & FRAGMENTED)
    return null;
  if (length < header + UDP_BYTES || foldChecksum(sumWords(frame, ip, ip + header)) !== 0) return null;
  const udp = ip + header;
  const udpLength = frame.readUInt16BE(udp + UDP_LENGTH);
  if (udpLength < UDP_BYTES || udpLength > length - header) return null;
  if (!udpChecked && frame.readUInt16BE(udp + UDP_CHECKSUM) !== 0) {
    if (udpChecksum(frame, ip, udp, udpLength) !== 0) return null;
  }
  return {
    sourceMac: frame.subarray(AT_SOURCE, AT_TYPE),
    source: frame.readUInt32BE(ip + AT_SRC),
    destination: frame.readUInt32BE(ip + AT_DST),
    sourcePort: frame.readUInt16BE(udp),
    destinationPort: frame.readUInt16BE(udp + 2),
    payload: frame.subarray(udp + UDP_BYTES, udp + udpLength),
    member: readMemberTag(frame, ip + length),
  };
}

export interface Addresses {
  sourceMac: Uint8Array;
  destinationMac: Uint8Array;
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
}

/** The whole frame around a payload. */
export function buildFrame(addresses: Addresses, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADERS + payload.length);
  frame.fill(0, 0, FRAME_HEADERS);
  frame.set(addresses.destinationMac, 0);
  frame.set(addresses.sourceMac, AT_SOURCE);
  frame.writeUInt16BE(ETHERTYPE_IP4, AT_TYPE);
  const ip = ETHERNET_BYTES;
  const udp = ip + IP4_BYTES;
  const udpLength = UDP_BYTES + payload.length;
  frame[ip] = 0x45;
  // CS6, network control, as hosts send DHCP (RFC 4594 section 3.1).
  frame[ip + 1] = 0xc0;
  frame.writeUInt16BE(IP4_BYTES + udpLength, ip + AT_LENGTH);
  frame[ip + 8] = TTL;
  frame[ip + AT_PROTOCOL] = PROTOCOL_UDP;
  frame.writeUInt32BE(addresses.source, ip + AT_SRC);
  frame.writeUInt32BE(addresses.destination, ip + AT_DST);
  frame.writeUInt16BE(foldChecksum(sumWords(frame, ip, udp)), ip + AT_CHECKSUM);
  frame.writeUInt16BE(addresses.sourcePort, udp);
  frame.writeUInt16BE(addresses.destinationPort, udp + 2);
  frame.writeUInt16BE(udpLength, udp + UDP_LENGTH);
  frame.set(payload, udp + UDP_BYTES);
  // 0 would say that there is none (RFC 768).
  frame.writeUInt16BE(udpChecksum(frame, ip, udp, udpLength) || 0xffff, udp + UDP_CHECKSUM);
  return frame;
}

/** Over the pseudo header too; 0 when a checksum that is in the datagram holds. */
function udpChecksum(frame: Buffer, ip: number, udp: number, length: number): number {
  const pseudo = sumWords(frame, ip + AT_SRC, ip + AT_DST + 4, PROTOCOL_UDP + length);
  return foldChecksum(sumWords(frame, udp, udp + length, pseudo));
}
