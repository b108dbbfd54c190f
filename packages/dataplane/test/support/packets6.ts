// IPv6 packets written by hand, with nothing of src/wire, so that each checks the other.
import { concat, ip, slowChecksum, viewOf } from './packets.js';

/** The sixteen octets of an address in one of RFC 4291's text forms. */
export function address6(text: string): Uint8Array {
  const [left = '', right] = text.split('::');
  const groups = (half: string): number[] =>
    half === ''
      ? []
      : half.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const quad = ip(group);
          return [quad >>> 16, quad & 0xffff];
        });
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

/** The same as the four words of a table. */
export function words6(text: string): [number, number, number, number] {
  const view = viewOf(address6(text));
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

export interface Ip6Options {
  src: string;
  dst: string;
  nextHeader?: number;
  payload?: Uint8Array;
  hopLimit?: number;
  trafficClass?: number;
  flowLabel?: number;
  /** Lies, for packets that must be refused. */
  payloadLength?: number;
  version?: number;
}

export function ip6(o: Ip6Options): Uint8Array {
  const payload = o.payload ?? new Uint8Array();
  const header = new Uint8Array(8);
  const view = viewOf(header);
  view.setUint32(0, ((o.version ?? 6) * 2 ** 28 + ((o.trafficClass ?? 0) << 20) + (o.flowLabel ?? 0)) >>> 0);
  view.setUint16(4, o.payloadLength ?? payload.length);
  view.setUint8(6, o.nextHeader ?? 253);
  view.setUint8(7, o.hopLimit ?? 64);
  return concat(header, address6(o.src), address6(o.dst), payload);
}

/** The packet as the next router gets it. */
export function forwarded6(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  copy[7]!--;
  return copy;
}

/** The checksum of an upper layer's message by RFC 8200 section 8.1, its own field being zero. */
export function checksum6(src: Uint8Array, dst: Uint8Array, nextHeader: number, message: Uint8Array): number {
  const pseudo = new Uint8Array(8);
  viewOf(pseudo).setUint32(0, message.length);
  pseudo[7] = nextHeader;
  return slowChecksum(concat(src, dst, pseudo, message));
}

export interface Icmp6Options extends Omit<Ip6Options, 'nextHeader' | 'payload'> {
  type: number;
  code?: number;
  /** The four octets behind the checksum. */
  word?: number;
  body?: Uint8Array;
  checksum?: number;
  /** Extension headers before it, and the first one's number. */
  extensions?: Uint8Array;
  first?: number;
}

export function icmp6(o: Icmp6Options): Uint8Array {
  const header = new Uint8Array(8);
  const view = viewOf(header);
  view.setUint8(0, o.type);
  view.setUint8(1, o.code ?? 0);
  view.setUint32(4, o.word ?? 0);
  const message = concat(header, o.body ?? new Uint8Array());
  const checksum = o.checksum ?? checksum6(address6(o.src), address6(o.dst), 58, message);
  viewOf(message).setUint16(2, checksum);
  return ip6({ ...o, nextHeader: o.first ?? 58, payload: concat(o.extensions ?? new Uint8Array(), message) });
}

/** The ICMPv6 error that a router with this address sends about a packet (RFC 4443 section 2.4 c). */
export function icmp6Error(
  from: string,
  about: Uint8Array,
  type: number,
  code: number,
  word = 0,
): Uint8Array {
  const sender = Buffer.from(about.subarray(8, 24)).toString('hex').match(/.{4}/g)!.join(':');
  const length = 40 + viewOf(about).getUint16(4);
  const body = about.subarray(0, Math.min(length, 1280 - 48));
  return icmp6({ src: from, dst: sender, type, code, word, body });
}

/** An options header or the like: `next`, its length in units of 8 octets, and what it holds, padded by PadN. */
export function extension(next: number, content: Uint8Array): Uint8Array {
  const length = Math.ceil((2 + content.length) / 8) * 8;
  const header = new Uint8Array(length);
  header[0] = next;
  header[1] = length / 8 - 1;
  header.set(content, 2);
  const pad = length - 2 - content.length;
  if (pad >= 2) header.set([1, pad - 2], 2 + content.length);
  return header;
}

/** A fragment header (RFC 8200 section 4.5); the offset in octets. */
export function fragmentHeader(next: number, offset: number, more: boolean, id = 0x01020304): Uint8Array {
  const header = new Uint8Array(8);
  const view = viewOf(header);
  view.setUint8(0, next);
  view.setUint16(2, offset | (more ? 1 : 0));
  view.setUint32(4, id);
  return header;
}

/** Puts a packet together from its fragments in any order; throws when octets are missing or come twice. */
export function reassemble6(fragments: Uint8Array[]): Uint8Array {
  const parts = fragments
    .map((bytes) => {
      if (bytes[6] !== 44) throw new Error('not a fragment');
      const word = viewOf(bytes).getUint16(42);
      return { bytes, at: word & 0xfff8, more: (word & 1) !== 0, payload: bytes.subarray(48) };
    })
    .sort((a, b) => a.at - b.at);
  let end = 0;
  for (const [i, part] of parts.entries()) {
    if (part.at !== end) throw new Error(`octets ${end} to ${part.at} are missing or come twice`);
    if (part.more !== i < parts.length - 1) throw new Error('"more fragments" is wrong');
    if (viewOf(part.bytes).getUint32(44) !== viewOf(parts[0]!.bytes).getUint32(44)) {
      throw new Error('fragments of two packets');
    }
    end += part.payload.length;
  }
  const whole = concat(parts[0]!.bytes.subarray(0, 40), ...parts.map((part) => part.payload));
  whole[6] = parts[0]!.bytes[40]!;
  viewOf(whole).setUint16(4, end);
  return whole;
}
