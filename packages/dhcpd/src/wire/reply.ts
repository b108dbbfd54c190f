// Building a reply: header fields, the options in order of importance, overload where they do not fit.
import { OPTION_END, OPTION_OVERLOAD, OPTION_RELAY_AGENT } from './codes.js';
import {
  AT_CHADDR,
  AT_CIADDR,
  AT_COOKIE,
  AT_FILE,
  AT_FLAGS,
  AT_GIADDR,
  AT_HLEN,
  AT_HTYPE,
  AT_OP,
  AT_OPTIONS,
  AT_SIADDR,
  AT_SNAME,
  AT_XID,
  AT_YIADDR,
  COOKIE,
  FILE_BYTES,
  OVERLOAD_FILE,
  OVERLOAD_SNAME,
  SNAME_BYTES,
} from './message.js';
import { encodedBytes, writeOption } from './options.js';

/** BOOTP's messages have at least so many octets, which some relays and clients insist on (RFC 1542 section 2.1). */
const MESSAGE_BYTES_MIN = 300;
/** What every client can take (RFC 2131 section 2): a datagram of 576 octets, less IP's and UDP's headers. */
export const MESSAGE_BYTES_USUAL = 548;
/** An Ethernet frame's, less IP's and UDP's headers: larger ones would be fragmented. */
export const MESSAGE_BYTES_MAX = 1472;
const OVERLOAD_BYTES = 3;

export interface ReplyFields {
  op: number;
  xid: number;
  flags: number;
  ciaddr: number;
  yiaddr: number;
  siaddr: number;
  giaddr: number;
  htype: number;
  chaddr: Uint8Array;
  serverName: string;
  file: string;
  /** What the client must have first; option 82 is put last, wherever it stands. */
  options: readonly (readonly [code: number, value: Uint8Array])[];
}

export interface BuiltReply {
  bytes: Buffer;
  /** Options that there was no room for. */
  left: readonly number[];
}

type Option = ReplyFields['options'][number];
const NONE: readonly never[] = [];

/**
 * A message of at most `most` octets (RFC 2131 section 2 has 548 as what is always taken). Options that do not fit the
 * option field go into file and sname (RFC 2132 section 9.3) where those are empty.
 */
export function buildReply(fields: ReplyFields, most: number): BuiltReply {
  const bytes = Buffer.allocUnsafe(Math.max(most, MESSAGE_BYTES_MIN));
  const built = writeReply(bytes, fields, most);
  return { bytes: bytes.subarray(0, built.length), left: built.left };
}

/** The same into a buffer of the caller's, which has room for it; what the message does not reach stays as it was. */
export function writeReply(
  bytes: Buffer,
  fields: ReplyFields,
  most: number,
): { length: number; left: readonly number[] } {
  bytes.fill(0, 0, MESSAGE_BYTES_MIN);
  writeHeader(bytes, fields);
  let relay: Option | undefined;
  let total = 0;
  for (const option of fields.options) {
    if (option[0] === OPTION_RELAY_AGENT) relay = option;
    else total += encodedBytes(option[1]);
  }
  const tail = 1 + (relay === undefined ? 0 : encodedBytes(relay[1]));
  const fits = AT_OPTIONS + total + tail <= most;
  const room = most - tail - (fits ? 0 : OVERLOAD_BYTES);

  let at = AT_OPTIONS;
  let waiting: readonly Option[] = NONE;
  for (const option of fields.options) {
    if (option === relay) continue;
    if (at + encodedBytes(option[1]) <= room) at = writeOption(bytes, at, option[0], option[1]);
    else waiting = [...waiting, option];
  }
  if (!fits) {
    let overload = 0;
    const spare = [
      { bit: OVERLOAD_FILE, from: AT_FILE, size: FILE_BYTES, free: fields.file === '' },
      { bit: OVERLOAD_SNAME, from: AT_SNAME, size: SNAME_BYTES, free: fields.serverName === '' },
    ];
    for (const { bit, from, size, free } of spare) {
      if (!free || waiting.length === 0) continue;
      const [placed, others] = fill(bytes, from, size, waiting);
      if (placed > 0) overload |= bit;
      waiting = others;
    }
    if (overload !== 0) at = writeOption(bytes, at, OPTION_OVERLOAD, Buffer.from([overload]));
  }
  if (relay !== undefined) at = writeOption(bytes, at, relay[0], relay[1]);
  bytes[at++] = OPTION_END;
  return {
    length: Math.max(at, MESSAGE_BYTES_MIN),
    left: waiting.length === 0 ? NONE : waiting.map(([code]) => code),
  };
}

/** Puts what fits into a field of the header, with its end option. Returns how many, and the others. */
function fill(
  bytes: Buffer,
  from: number,
  size: number,
  options: readonly (readonly [number, Uint8Array])[],
): [number, (readonly [number, Uint8Array])[]] {
  const others: (readonly [number, Uint8Array])[] = [];
  let at = from;
  for (const option of options) {
    if (at + encodedBytes(option[1]) + 1 <= from + size) at = writeOption(bytes, at, option[0], option[1]);
    else others.push(option);
  }
  if (at > from) bytes[at] = OPTION_END;
  return [options.length - others.length, others];
}

function writeHeader(bytes: Buffer, fields: ReplyFields): void {
  bytes[AT_OP] = fields.op;
  bytes[AT_HTYPE] = fields.htype;
  bytes[AT_HLEN] = fields.chaddr.length;
  bytes.writeUInt32BE(fields.xid, AT_XID);
  bytes.writeUInt16BE(fields.flags, AT_FLAGS);
  bytes.writeUInt32BE(fields.ciaddr, AT_CIADDR);
  bytes.writeUInt32BE(fields.yiaddr, AT_YIADDR);
  bytes.writeUInt32BE(fields.siaddr, AT_SIADDR);
  bytes.writeUInt32BE(fields.giaddr, AT_GIADDR);
  bytes.set(fields.chaddr, AT_CHADDR);
  // A zero ends them, so one octet stays free.
  if (fields.serverName !== '') bytes.write(fields.serverName, AT_SNAME, SNAME_BYTES - 1, 'latin1');
  if (fields.file !== '') bytes.write(fields.file, AT_FILE, FILE_BYTES - 1, 'latin1');
  bytes.writeUInt32BE(COOKIE, AT_COOKIE);
}
