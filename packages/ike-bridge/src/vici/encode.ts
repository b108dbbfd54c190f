// Message to bytes.
import { ViciError } from './errors.js';
import type { ViciInput, ViciInputValue, ViciScalar } from './message.js';
import { ELEMENT, NAME_MAX, VALUE_MAX } from './protocol.js';

/**
 * Encodes a message. The result shares no memory with the input, so whoever sent a secret can wipe both.
 * @throws ViciError `invalid` when a name or value does not fit its length field
 */
export function encodeMessage(message: ViciInput): Buffer {
  // Sized first and written once: growing a buffer would leave copies of secrets behind.
  const out = Buffer.alloc(sectionSize(message));
  writeSection(out, 0, message);
  return out;
}

function entriesOf(section: ViciInput): Iterable<[string, ViciInputValue | undefined]> {
  return section instanceof Map ? section.entries() : Object.entries(section);
}

function isList(value: ViciInputValue): value is readonly ViciScalar[] {
  return Array.isArray(value);
}

function isScalar(value: ViciInputValue): value is ViciScalar {
  return typeof value !== 'object' || value instanceof Uint8Array;
}

function scalar(value: ViciScalar): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (!Number.isSafeInteger(value)) throw new ViciError('invalid', `VICI cannot carry the number ${value}.`);
  return String(value);
}

function nameSize(name: string): number {
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) > 0xff) throw new ViciError('invalid', `The name "${name}" is not ASCII.`);
  }
  if (name.length > NAME_MAX) {
    throw new ViciError('invalid', `The name "${name.slice(0, 32)}…" is longer than ${NAME_MAX} bytes.`);
  }
  return 1 + name.length;
}

function valueSize(name: string, value: ViciScalar): number {
  const raw = scalar(value);
  const length = typeof raw === 'string' ? Buffer.byteLength(raw) : raw.length;
  if (length > VALUE_MAX) {
    throw new ViciError('invalid', `The value of "${name}" is longer than ${VALUE_MAX} bytes.`);
  }
  return 2 + length;
}

function sectionSize(section: ViciInput): number {
  let size = 0;
  for (const [name, value] of entriesOf(section)) {
    if (value === undefined) continue;
    size += 1 + nameSize(name);
    if (isScalar(value)) size += valueSize(name, value);
    else if (isList(value)) for (const item of value) size += 1 + valueSize(name, item);
    else size += sectionSize(value);
    if (!isScalar(value)) size += 1; // the end marker
  }
  return size;
}

function writeName(out: Buffer, at: number, type: number, name: string): number {
  out[at] = type;
  out[at + 1] = name.length;
  // Names are ASCII by the protocol; latin1 keeps whatever bytes a daemon sent when they are sent back.
  return at + 2 + out.write(name, at + 2, 'latin1');
}

function writeValue(out: Buffer, at: number, value: ViciScalar): number {
  const raw = scalar(value);
  let length: number;
  if (typeof raw === 'string') {
    length = out.write(raw, at + 2, 'utf8');
  } else {
    out.set(raw, at + 2);
    length = raw.length;
  }
  out.writeUInt16BE(length, at);
  return at + 2 + length;
}

function writeSection(out: Buffer, start: number, section: ViciInput): number {
  let at = start;
  for (const [name, value] of entriesOf(section)) {
    if (value === undefined) continue;
    if (isScalar(value)) {
      at = writeName(out, at, ELEMENT.KEY_VALUE, name);
      at = writeValue(out, at, value);
    } else if (isList(value)) {
      at = writeName(out, at, ELEMENT.LIST_START, name);
      for (const item of value) {
        out[at] = ELEMENT.LIST_ITEM;
        at = writeValue(out, at + 1, item);
      }
      out[at++] = ELEMENT.LIST_END;
    } else {
      at = writeName(out, at, ELEMENT.SECTION_START, name);
      at = writeSection(out, at, value);
      out[at++] = ELEMENT.SECTION_END;
    }
  }
  return at;
}
