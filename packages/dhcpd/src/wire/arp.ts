// ARP over Ethernet (RFC 826): asks whether a station has an address, and reads answers.
import { ETHERNET_BYTES } from './frame.js';

const ETHERTYPE_ARP = 0x0806;
const ARP_BYTES = 28;
const AT_OPERATION = ETHERNET_BYTES + 6;
const AT_SENDER_MAC = ETHERNET_BYTES + 8;
const AT_SENDER_IP = ETHERNET_BYTES + 14;
const AT_TARGET_IP = ETHERNET_BYTES + 24;
const REQUEST = 1;
const REPLY = 2;
/** Ethernet, IPv4, their lengths. */
const FORM = Buffer.from('0001080006040001', 'hex');

/**
 * A request from an address of ours: the data plane gives Linux only answers that are for one, so it is not the probe of
 * RFC 5227, which has none.
 */
export function buildArpRequest(sourceMac: Uint8Array, source: number, target: number): Buffer {
  const frame = Buffer.alloc(ETHERNET_BYTES + ARP_BYTES);
  frame.fill(255, 0, 6);
  frame.set(sourceMac, 6);
  frame.writeUInt16BE(ETHERTYPE_ARP, 12);
  frame.set(FORM, ETHERNET_BYTES);
  frame.writeUInt16BE(REQUEST, AT_OPERATION);
  frame.set(sourceMac, AT_SENDER_MAC);
  frame.writeUInt32BE(source, AT_SENDER_IP);
  frame.writeUInt32BE(target, AT_TARGET_IP);
  return frame;
}

/** Who answers for which address; null for what is no reply. */
export function parseArpReply(frame: Buffer): { mac: Buffer; address: number } | null {
  if (frame.length < ETHERNET_BYTES + ARP_BYTES || frame.readUInt16BE(12) !== ETHERTYPE_ARP) return null;
  if (frame.compare(FORM, 0, 6, ETHERNET_BYTES, ETHERNET_BYTES + 6) !== 0) return null;
  if (frame.readUInt16BE(AT_OPERATION) !== REPLY) return null;
  return {
    mac: frame.subarray(AT_SENDER_MAC, AT_SENDER_MAC + 6),
    address: frame.readUInt32BE(AT_SENDER_IP),
  };
}
