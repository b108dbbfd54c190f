// The option field: code, length, octets (RFC 2132 section 2), long ones in pieces (RFC 3396).
import { OPTION_END, OPTION_PAD } from './codes.js';

/** Values by code; views into what was received, unless an option came in pieces. */
export type Options = Map<number, Buffer>;

const OPTION_BYTES_MAX = 255;
const NONE: ReadonlyMap<number, Buffer> = new Map();

/**
 * Adds a field's options. An option that is there already goes on here (RFC 3396 section 7). False when one reaches past
 * the field's end; a field without an end option is taken, as old clients leave it out.
 */
export function parseOptions(field: Buffer, into: Options): boolean {
  let at = 0;
  while (at < field.length) {
    const code = field[at]!;
    if (code === OPTION_END) return true;
    if (code === OPTION_PAD) {
      at++;
      continue;
    }
    if (at + 2 > field.length) return false;
    const length = field[at + 1]!;
    if (at + 2 + length > field.length) return false;
    const value = field.subarray(at + 2, at + 2 + length);
    const before = into.get(code);
    into.set(code, before === undefined ? value : Buffer.concat([before, value]));
    at += 2 + length;
  }
  return true;
}

/** Octets that a value takes in a field, with a code and a length before each piece. */
export function encodedBytes(value: Uint8Array): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / OPTION_BYTES_MAX));
}

/** Writes an option, in pieces where it is long; returns the offset behind it. The caller has looked for room. */
export function writeOption(to: Buffer, at: number, code: number, value: Uint8Array): number {
  let from = 0;
  do {
    const length = Math.min(OPTION_BYTES_MAX, value.length - from);
    to[at] = code;
    to[at + 1] = length;
    // Mostly four octets: less work than another view.
    for (let i = 0; i < length; i++) to[at + 2 + i] = value[from + i]!;
    at += 2 + length;
    from += length;
  } while (from < value.length);
  return at;
}

/** Four octets as an unsigned number; null for an option that is not there, or has another length. */
export function readU32(options: ReadonlyMap<number, Buffer>, code: number): number | null {
  const value = options.get(code);
  return value !== undefined && value.length === 4 ? value.readUInt32BE(0) : null;
}

/** Suboptions of an option, by code; what follows one that reaches past the end is left out. */
export function parseSuboptions(value: Buffer | undefined): ReadonlyMap<number, Buffer> {
  if (value === undefined) return NONE;
  const into = new Map<number, Buffer>();
  let at = 0;
  while (at + 2 <= value.length) {
    const end = at + 2 + value[at + 1]!;
    if (end > value.length) break;
    into.set(value[at]!, value.subarray(at + 2, end));
    at = end;
  }
  return into;
}
