// Bytes to message. Nothing is trusted: every length is checked against what is left before it is used.
import { ViciError } from './errors.js';
import type { ViciSection, ViciValue } from './message.js';
import { ELEMENT } from './protocol.js';

/** Reads names and values off a message, refusing to pass its end. */
class Reader {
  private readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(what: string): number {
    if (this.left < 1) throw malformed(this.at, `ends where ${what} should be`);
    return this.bytes[this.at++]!;
  }

  name(): string {
    const raw = this.take(this.u8('the length of a name'), 'a name');
    return raw.toString('latin1');
  }

  /** A copy, so that the segment it came in can be released. */
  value(): Buffer {
    if (this.left < 2) throw malformed(this.at, 'ends where the length of a value should be');
    const length = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return Buffer.from(this.take(length, 'a value'));
  }

  private take(length: number, what: string): Buffer {
    if (this.left < length) {
      throw malformed(
        this.at,
        `says that ${what} of ${length} bytes follows, but only ${this.left} are left`,
      );
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function malformed(at: number, what: string): ViciError {
  return new ViciError('malformed', `The daemon's message is not valid VICI: at byte ${at} it ${what}.`);
}

/**
 * Decodes one whole message.
 * @throws ViciError `malformed` on unbalanced sections or lists, duplicate names, unknown element types,
 *   and lengths that do not add up
 */
export function decodeMessage(bytes: Buffer): ViciSection {
  const reader = new Reader(bytes);
  const root: ViciSection = new Map();
  // A stack of our own instead of recursion: the protocol allows any depth, the call stack does not.
  const open: ViciSection[] = [root];
  let list: Buffer[] | null = null;

  while (reader.left > 0) {
    const start = reader.at;
    const type = reader.u8('an element type');
    if (list !== null && type !== ELEMENT.LIST_ITEM && type !== ELEMENT.LIST_END) {
      throw malformed(start, `has element type ${type} inside a list`);
    }
    const section = open[open.length - 1]!;
    switch (type) {
      case ELEMENT.KEY_VALUE: {
        const name = reader.name();
        add(section, name, reader.value(), start);
        break;
      }
      case ELEMENT.LIST_START:
        list = [];
        add(section, reader.name(), list, start);
        break;
      case ELEMENT.LIST_ITEM:
        if (list === null) throw malformed(start, 'has a list item outside a list');
        list.push(reader.value());
        break;
      case ELEMENT.LIST_END:
        if (list === null) throw malformed(start, 'ends a list that was not begun');
        list = null;
        break;
      case ELEMENT.SECTION_START: {
        const inner: ViciSection = new Map();
        add(section, reader.name(), inner, start);
        open.push(inner);
        break;
      }
      case ELEMENT.SECTION_END:
        if (open.length === 1) throw malformed(start, 'ends a section that was not begun');
        open.pop();
        break;
      default:
        throw malformed(start, `has the unknown element type ${type}`);
    }
  }
  if (list !== null) throw malformed(reader.at, 'ends inside a list');
  if (open.length > 1) throw malformed(reader.at, 'ends inside a section');
  return root;
}

function add(section: ViciSection, name: string, value: ViciValue, at: number): void {
  if (section.has(name)) throw malformed(at, `repeats the name "${name}" in one section`);
  section.set(name, value);
}
