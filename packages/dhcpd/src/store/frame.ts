// A record of a log: a mark, the length, a CRC-32 of the body, the body.
//
//   0  u32  MARK: where a record may begin, also behind damage
//   4  u32  octets of the body
//   8  u32  CRC-32 (ISO 3309, as zlib has it) of length and body
//  12       the body
import { crc32 } from 'node:zlib';

const MARK = 0x534c4531;
const AT_LENGTH = 4;
const AT_CRC = 8;
export const HEADER_BYTES = 12;
/** Of a lease: texts of which none is longer than 600 octets. */
const BODY_BYTES_MAX = 8_192;

/** @param bodyBytes Of the body, which the caller writes from HEADER_BYTES on, before `seal`. */
export function newRecord(bodyBytes: number): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  record.writeUInt32LE(MARK, 0);
  record.writeUInt32LE(bodyBytes, AT_LENGTH);
  return record;
}

export function seal(record: Buffer): Buffer {
  record.writeUInt32LE(checksum(record, 0, record.length - HEADER_BYTES), AT_CRC);
  return record;
}

export interface ReadLog {
  /** Octets from the beginning up to the end of the last whole record. */
  end: number;
  /** Octets before that end that are of no whole record. */
  damaged: number;
}

/** Gives the body of each whole record to `each`, in order. Behind damage it goes on at the next record. */
export function readBodies(
  bytes: Buffer,
  from: number,
  bodyBytesMin: number,
  each: (body: Buffer) => void,
): ReadLog {
  let at = from;
  let end = from;
  let damaged = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = recordAt(bytes, at, bodyBytesMin);
    if (length === 0) {
      at = nextMark(bytes, at + 1);
      continue;
    }
    damaged += at - end;
    each(bytes.subarray(at + HEADER_BYTES, at + length));
    at += length;
    end = at;
  }
  return { end, damaged };
}

/** Octets of the whole record that begins there; 0 when none does. */
function recordAt(bytes: Buffer, at: number, bodyBytesMin: number): number {
  if (bytes.readUInt32LE(at) !== MARK) return 0;
  const bodyBytes = bytes.readUInt32LE(at + AT_LENGTH);
  const whole = bodyBytes >= bodyBytesMin && bodyBytes <= BODY_BYTES_MAX;
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
