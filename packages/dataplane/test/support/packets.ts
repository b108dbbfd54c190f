// Packets written and read by hand: DataView code that shares nothing with src/wire, so that each checks the other.

export function ip(text: string): number {
  const [a, b, c, d] = text.split('.').map(Number) as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The octets `first`, `first + 1`, … */
export function pattern(length: number, first = 0): Uint8Array {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = first + i;
  return octets;
}

/** RFC 1071, the slow way: big-endian words, the carry added at each step. */
export function slowChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export function ethernet(destination: string, source: string, type: number, payload: Uint8Array): Uint8Array {
  return concat(mac(destination), mac(source), Uint8Array.of(type >> 8, type & 255), payload);
}

export interface Ip4Options {
  src: string;
  dst: string;
  protocol?: number;
  payload?: Uint8Array;
  tos?: number;
  ttl?: number;
  id?: number;
  df?: boolean;
  mf?: boolean;
  /** In octets, a multiple of 8. */
  fragmentOffset?: number;
  options?: Uint8Array;
  /** Lies, for packets that must be refused. */
  totalLength?: number;
  headerWords?: number;
  version?: number;
  checksum?: number;
}

export function ip4(o: Ip4Options): Uint8Array {
  const options = o.options ?? new Uint8Array();
  const payload = o.payload ?? new Uint8Array();
  const header = new Uint8Array(20 + options.length);
  const view = viewOf(header);
  view.setUint8(0, ((o.version ?? 4) << 4) | (o.headerWords ?? header.length / 4));
  view.setUint8(1, o.tos ?? 0);
  view.setUint16(2, o.totalLength ?? header.length + payload.length);
  view.setUint16(4, o.id ?? 0x1234);
  view.setUint16(6, (o.df ? 0x4000 : 0) | (o.mf ? 0x2000 : 0) | ((o.fragmentOffset ?? 0) >> 3));
  view.setUint8(8, o.ttl ?? 64);
  view.setUint8(9, o.protocol ?? 253);
  view.setUint32(12, ip(o.src));
  view.setUint32(16, ip(o.dst));
  header.set(options, 20);
  view.setUint16(10, o.checksum ?? slowChecksum(header));
  return concat(header, payload);
}

/** The packet as the next router gets it. */
export function forwarded(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  const view = viewOf(copy);
  view.setUint8(8, view.getUint8(8) - 1);
  return fixChecksum(copy);
}

/** Writes the right header checksum into a packet. */
export function fixChecksum(packet: Uint8Array): Uint8Array {
  const view = viewOf(packet);
  view.setUint16(10, 0);
  view.setUint16(10, slowChecksum(packet.subarray(0, (packet[0]! & 15) * 4)));
  return packet;
}

export function udp(src: number, dst: number, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(8);
  const view = viewOf(header);
  view.setUint16(0, src);
  view.setUint16(2, dst);
  view.setUint16(4, 8 + payload.length);
  return concat(header, payload);
}

/** Type, code, the four octets behind the checksum, and the rest. */
export function icmp(type: number, code: number, word: number, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(8);
  const view = viewOf(header);
  view.setUint8(0, type);
  view.setUint8(1, code);
  view.setUint32(4, word);
  const message = concat(header, payload);
  viewOf(message).setUint16(2, slowChecksum(message));
  return message;
}

/** The ICMP error that a router with this address sends about a packet (RFC 792, RFC 1812 section 4.3.2.3). */
export function icmpError(from: string, about: Uint8Array, type: number, code: number, mtu = 0): Uint8Array {
  const view = viewOf(about);
  const sender = Array.from(about.subarray(12, 16)).join('.');
  const quote = about.subarray(0, Math.min(view.getUint16(2), 576 - 28));
  const payload = icmp(type, code, mtu, quote);
  return ip4({ src: from, dst: sender, protocol: 1, tos: 0xc0, id: 0, payload });
}

export interface ArpOptions {
  operation: number;
  senderMac: string;
  senderIp: string;
  targetMac?: string;
  targetIp: string;
  to?: string;
}

export function arp(o: ArpOptions): Uint8Array {
  const body = new Uint8Array(28);
  const view = viewOf(body);
  view.setUint16(0, 1);
  view.setUint16(2, 0x0800);
  view.setUint8(4, 6);
  view.setUint8(5, 4);
  view.setUint16(6, o.operation);
  body.set(mac(o.senderMac), 8);
  view.setUint32(14, ip(o.senderIp));
  body.set(mac(o.targetMac ?? '00:00:00:00:00:00'), 18);
  view.setUint32(24, ip(o.targetIp));
  return ethernet(o.to ?? BROADCAST, o.senderMac, 0x0806, body);
}

/** The fragments of a packet without options whose payload is cut at these offsets, multiples of 8 (RFC 791). */
export function fragmentsAt(packet: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const payload = packet.subarray(20);
  const cuts = [0, ...offsets, payload.length];
  return cuts.slice(1).map((to, i) => {
    const from = cuts[i]!;
    const part = concat(packet.subarray(0, 20), payload.subarray(from, to));
    const word = (viewOf(packet).getUint16(6) & 0x4000) | (from >> 3) | (to < payload.length ? 0x2000 : 0);
    viewOf(part).setUint16(2, part.length);
    viewOf(part).setUint16(6, word);
    return fixChecksum(part);
  });
}

/** The fragments of a packet, of `room` octets of payload each but for the last. */
export function fragmentsOf(packet: Uint8Array, room: number): Uint8Array[] {
  const count = Math.ceil((packet.length - 20) / room);
  return fragmentsAt(
    packet,
    Array.from({ length: count - 1 }, (_, i) => (i + 1) * room),
  );
}

/** Puts a datagram together from its fragments in any order; throws when octets are missing or come twice. */
export function reassemble(fragments: Uint8Array[]): Uint8Array {
  const parts = fragments
    .map((bytes) => {
      const view = viewOf(bytes);
      const header = (bytes[0]! & 15) * 4;
      const word = view.getUint16(6);
      const payload = bytes.subarray(header, view.getUint16(2));
      return { bytes, header, at: (word & 0x1fff) * 8, more: (word & 0x2000) !== 0, payload };
    })
    .sort((a, b) => a.at - b.at);
  let end = 0;
  for (const [i, part] of parts.entries()) {
    if (part.at !== end) throw new Error(`octets ${end} to ${part.at} are missing or come twice`);
    if (part.more !== i < parts.length - 1) throw new Error('"more fragments" is wrong');
    end += part.payload.length;
  }
  const first = parts[0]!;
  const whole = concat(first.bytes.subarray(0, first.header), ...parts.map((part) => part.payload));
  viewOf(whole).setUint16(2, whole.length);
  viewOf(whole).setUint16(6, viewOf(whole).getUint16(6) & 0x4000);
  return fixChecksum(whole);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
