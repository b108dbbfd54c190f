// ARP for IPv4 over Ethernet (RFC 826), behind a 14-byte Ethernet header.
import { ETHERNET_BYTES, ETHERTYPE_ARP, ETHERTYPE_IP4 } from './ethernet.js';

/** Offsets from the start of the Ethernet header. */
const ARP_HARDWARE = 14;
const ARP_PROTOCOL = 16;
const ARP_LENGTHS = 18;
export const ARP_OPERATION = 20;
export const ARP_SENDER_MAC = 22;
export const ARP_SENDER_IP = 28;
export const ARP_TARGET_MAC = 32;
export const ARP_TARGET_IP = 38;
export const ARP_FRAME_BYTES = ETHERNET_BYTES + 28;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
const HARDWARE_ETHERNET = 1;

/** True when a frame of `length` bytes at `at` is ARP for IPv4 over Ethernet, a request or a reply. */
export function isArpForIp4(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < ARP_FRAME_BYTES) return false;
  const operation = (bytes[at + ARP_OPERATION]! << 8) | bytes[at + ARP_OPERATION + 1]!;
  return (
    bytes[at + ARP_HARDWARE] === 0 &&
    bytes[at + ARP_HARDWARE + 1] === HARDWARE_ETHERNET &&
    bytes[at + ARP_PROTOCOL] === ETHERTYPE_IP4 >>> 8 &&
    bytes[at + ARP_PROTOCOL + 1] === (ETHERTYPE_IP4 & 0xff) &&
    bytes[at + ARP_LENGTHS] === 6 &&
    bytes[at + ARP_LENGTHS + 1] === 4 &&
    (operation === ARP_REQUEST || operation === ARP_REPLY)
  );
}

export interface ArpFields {
  operation: number;
  sourceMac: Uint8Array;
  senderIp: number;
  /** Null: unknown, the frame goes to everyone. */
  targetMac: Uint8Array | null;
  targetIp: number;
}

/** Writes a whole frame of ARP_FRAME_BYTES at `at`. */
export function writeArp(bytes: Uint8Array, at: number, fields: ArpFields): void {
  for (let i = 0; i < 6; i++) {
    bytes[at + i] = fields.targetMac === null ? 0xff : fields.targetMac[i]!;
    bytes[at + 6 + i] = fields.sourceMac[i]!;
    bytes[at + ARP_SENDER_MAC + i] = fields.sourceMac[i]!;
    bytes[at + ARP_TARGET_MAC + i] = fields.targetMac === null ? 0 : fields.targetMac[i]!;
  }
  writeU16(bytes, at + 12, ETHERTYPE_ARP);
  writeU16(bytes, at + ARP_HARDWARE, HARDWARE_ETHERNET);
  writeU16(bytes, at + ARP_PROTOCOL, ETHERTYPE_IP4);
  bytes[at + ARP_LENGTHS] = 6;
  bytes[at + ARP_LENGTHS + 1] = 4;
  writeU16(bytes, at + ARP_OPERATION, fields.operation);
  writeU32(bytes, at + ARP_SENDER_IP, fields.senderIp);
  writeU32(bytes, at + ARP_TARGET_IP, fields.targetIp);
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
