// A lease as the log has it: a mark, the length, a CRC-32 of the body, the body.
//
//   0  u32  MARK: where a record may begin, also behind damage
//   4  u32  octets of the body
//   8  u32  CRC-32 (ISO 3309, as zlib has it) of length and body
//  12       the body: address u32, state u8, started f64, expires f64 (milliseconds; Infinity for ever), and texts with
//           a u16 of their octets before each: vrf, client, mac, client id, host name, vendor class, circuit id, remote
//           id, port
import { crc32 } from 'node:zlib';
import { dhcpLeaseStates } from '@sluice/shared';
import type { Lease } from '../engine/lease.js';

const MARK = 0x534c4531;
const AT_LENGTH = 4;
const AT_CRC = 8;
const HEADER_BYTES = 12;
const FIXED_BYTES = 21;
/** Nine texts of which none is longer than 600 octets. */
const BODY_BYTES_MAX = 8_192;

const TEXTS = [
  'vrf',
  'client',
  'mac',
  'clientId',
  'hostName',
  'vendorClass',
  'circuitId',
  'remoteId',
  'port',
] as const;

export function encodeRecord(lease: Lease): Buffer {
  const texts = TEXTS.map((name) => Buffer.from(lease[name], 'utf8'));
  const bodyBytes = texts.reduce((sum, text) => sum + 2 + text.length, FIXED_BYTES);
  const record = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  record.writeUInt32LE(MARK, 0);
  record.writeUInt32LE(bodyBytes, AT_LENGTH);
  record.writeUInt32LE(lease.address, HEADER_BYTES);
  record[HEADER_BYTES + 4] = dhcpLeaseStates.indexOf(lease.state);
  record.writeDoubleLE(lease.startedMs, HEADER_BYTES + 5);
  record.writeDoubleLE(lease.expiresMs, HEADER_BYTES + 13);
  let at = HEADER_BYTES + FIXED_BYTES;
  for (const text of texts) {
    record.writeUInt16LE(text.length, at);
    record.set(text, at + 2);
    at += 2 + text.length;
  }
  record.writeUInt32LE(checksum(record, 0, bodyBytes), AT_CRC);
  return record;
}

export interface ReadLog {
  /** Octets from the beginning up to the end of the last whole record. */
  end: number;
  /** Octets before that end that are of no whole record. */
  damaged: number;
}

/** Gives each whole record to `each`, in order. Behind damage it goes on at the next record. */
export function readRecords(bytes: Buffer, from: number, each: (lease: Lease) => void): ReadLog {
  let at = from;
  let end = from;
  let damaged = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = recordAt(bytes, at);
    if (length === 0) {
      at = nextMark(bytes, at + 1);
      continue;
    }
    damaged += at - end;
    each(decodeBody(bytes.subarray(at + HEADER_BYTES, at + length)));
    at += length;
    end = at;
  }
  return { end, damaged };
}

/** Octets of the whole record that begins there; 0 when none does. */
function recordAt(bytes: Buffer, at: number): number {
  if (bytes.readUInt32LE(at) !== MARK) return 0;
  const bodyBytes = bytes.readUInt32LE(at + AT_LENGTH);
  const whole = bodyBytes >= FIXED_BYTES + 2 * TEXTS.length && bodyBytes <= BODY_BYTES_MAX;
  if (!whole || at + HEADER_BYTES + bodyBytes > bytes.length) return 0;
  return checksum(bytes, at, bodyBytes) === bytes.readUInt32LE(at + AT_CRC) ? HEADER_BYTES + bodyBytes : 0;
}

function nextMark(bytes: Buffer, from: number): number {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(MARK);
  const found = bytes.indexOf(mark, from);
  return found < 0 ? bytes.length : found;
}

function checksum(bytes: Buffer, at: number, bodyBytes: number): number {
  const length = crc32(bytes.subarray(at + AT_LENGTH, at + AT_CRC));
  return crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + bodyBytes), length);
}

/** Its checksum holds, so it is as it was written. */
function decodeBody(body: Buffer): Lease {
  let at = FIXED_BYTES;
  const texts = TEXTS.map((name) => {
    const length = body.readUInt16LE(at);
    const text = body.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    return [name, text] as const;
  });
  return {
    ...(Object.fromEntries(texts) as Record<(typeof TEXTS)[number], string>),
    address: body.readUInt32LE(0),
    state: dhcpLeaseStates[body[4]!] ?? 'expired',
    startedMs: body.readDoubleLE(5),
    expiresMs: body.readDoubleLE(13),
  };
}
