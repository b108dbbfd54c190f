// The message of DHCP (RFC 2131 section 2): the header, and behind the cookie the options.
import { HTYPE_ETHERNET, OPTION_OVERLOAD } from './codes.js';
import { type Options, parseOptions } from './options.js';

export const AT_OP = 0;
export const AT_HTYPE = 1;
export const AT_HLEN = 2;
const AT_HOPS = 3;
export const AT_XID = 4;
const AT_SECS = 8;
export const AT_FLAGS = 10;
export const AT_CIADDR = 12;
export const AT_YIADDR = 16;
export const AT_SIADDR = 20;
export const AT_GIADDR = 24;
export const AT_CHADDR = 28;
export const AT_SNAME = 44;
export const AT_FILE = 108;
export const AT_COOKIE = 236;
export const AT_OPTIONS = 240;

export const SNAME_BYTES = 64;
export const FILE_BYTES = 128;
const CHADDR_BYTES = 16;

/** 99, 130, 83, 99 (RFC 2132 section 2). */
export const COOKIE = 0x63825363;

/** Bits of the overload option (RFC 2132 section 9.3). */
export const OVERLOAD_FILE = 1;
export const OVERLOAD_SNAME = 2;

export interface Message {
  op: number;
  htype: number;
  hops: number;
  /** Unsigned, like the addresses. */
  xid: number;
  secs: number;
  flags: number;
  ciaddr: number;
  yiaddr: number;
  siaddr: number;
  giaddr: number;
  /** The hardware address: as many octets as hlen says. */
  chaddr: Buffer;
  sname: Buffer;
  file: Buffer;
  options: Options;
}

/** Views into `bytes`, where nothing is copied. Null for what is no message of DHCP or BOOTP with a cookie. */
export function parseMessage(bytes: Buffer): Message | null {
  if (bytes.length < AT_OPTIONS || bytes.readUInt32BE(AT_COOKIE) !== COOKIE) return null;
  const hlen = bytes[AT_HLEN]!;
  const htype = bytes[AT_HTYPE]!;
  if (hlen > CHADDR_BYTES || (htype === HTYPE_ETHERNET && hlen !== 6)) return null;
  const options: Options = new Map();
  if (!parseOptions(bytes.subarray(AT_OPTIONS), options)) return null;
  const sname = bytes.subarray(AT_SNAME, AT_FILE);
  const file = bytes.subarray(AT_FILE, AT_COOKIE);
  const overload = options.get(OPTION_OVERLOAD)?.[0] ?? 0;
  // RFC 2131 section 4.1: the option field first, then file, then sname.
  if (overload & OVERLOAD_FILE && !parseOptions(file, options)) return null;
  if (overload & OVERLOAD_SNAME && !parseOptions(sname, options)) return null;
  return {
    op: bytes[AT_OP]!,
    htype,
    hops: bytes[AT_HOPS]!,
    xid: bytes.readUInt32BE(AT_XID),
    secs: bytes.readUInt16BE(AT_SECS),
    flags: bytes.readUInt16BE(AT_FLAGS),
    ciaddr: bytes.readUInt32BE(AT_CIADDR),
    yiaddr: bytes.readUInt32BE(AT_YIADDR),
    siaddr: bytes.readUInt32BE(AT_SIADDR),
    giaddr: bytes.readUInt32BE(AT_GIADDR),
    chaddr: bytes.subarray(AT_CHADDR, AT_CHADDR + hlen),
    sname,
    file,
    options,
  };
}

/** `02:00:00:00:00:01`, of hardware addresses of any length. */
export function formatHardware(chaddr: Buffer): string {
  // In one piece, not put together of eleven: it is looked up and kept for each client.
  let at = 0;
  for (const octet of chaddr) {
    if (at > 0) TEXT[at++] = COLON;
    TEXT[at++] = DIGITS.charCodeAt(octet >>> 4);
    TEXT[at++] = DIGITS.charCodeAt(octet & 15);
  }
  return TEXT.toString('latin1', 0, at);
}

const DIGITS = '0123456789abcdef';
const COLON = 0x3a;
const TEXT = Buffer.alloc(3 * CHADDR_BYTES);
