// TCP packets of Ethernet frames, written and read by hand.
import { concat, ethernet, ip4, slowChecksum, viewOf } from '../../support/packets.js';
import { address6, ip6 } from '../../support/packets6.js';

const TCP_BYTES = 32;

export const NEAR_MAC = '02:00:00:00:00:01';
export const FAR_MAC = '02:00:00:00:00:02';

export interface TcpOptions {
  family: 4 | 6;
  sequence: number;
  flags: number;
  payload: Uint8Array;
  /** Of an IPv4 packet. */
  id?: number;
  ack?: number;
}

/** What a frame says: its place in the stream, and whether its checksums are right. */
export interface TcpSeen {
  sequence: number;
  flags: number;
  payload: Uint8Array;
  id: number | null;
  sound: boolean;
}

const ADDRESSES = { 4: ['10.9.0.2', '10.9.0.1'], 6: ['fd00::2', 'fd00::1'] } as const;

/** A frame from far to near, with right checksums. */
export function tcpFrame(o: TcpOptions): Uint8Array {
  const header = new Uint8Array(TCP_BYTES);
  const view = viewOf(header);
  view.setUint16(0, 5000);
  view.setUint16(2, 7);
  view.setUint32(4, o.sequence);
  view.setUint32(8, o.ack ?? 77);
  header[12] = (TCP_BYTES / 4) << 4;
  header[13] = o.flags;
  view.setUint16(14, 501);
  header.set([1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4], 20); // two NOPs and a timestamp (RFC 7323)
  view.setUint16(16, slowChecksum(concat(pseudo(o.family, TCP_BYTES + o.payload.length), header, o.payload)));
  const segment = concat(header, o.payload);
  const [src, dst] = ADDRESSES[o.family];
  const packet =
    o.family === 4
      ? ip4({ src, dst, protocol: 6, payload: segment, id: o.id ?? 1, df: true })
      : ip6({ src, dst, nextHeader: 6, payload: segment });
  return ethernet(NEAR_MAC, FAR_MAC, o.family === 4 ? 0x0800 : 0x86dd, packet);
}

/** What the kernel wants in the checksum field when it is to complete it (CHECKSUM_PARTIAL). */
export function leaveChecksum(frame: Uint8Array, family: 4 | 6): Uint8Array {
  const at = tcpAt(family);
  viewOf(frame).setUint16(at + 16, ~slowChecksum(pseudo(family, frame.length - at)) & 0xffff);
  return frame;
}

export function readTcp(frame: Uint8Array, family: 4 | 6): TcpSeen {
  const at = tcpAt(family);
  const view = viewOf(frame);
  const ipLength = family === 4 ? view.getUint16(16) : 40 + view.getUint16(18);
  const segment = frame.subarray(at, 14 + ipLength);
  const header = family === 4 ? slowChecksum(frame.subarray(14, 34)) : 0;
  return {
    sequence: view.getUint32(at + 4),
    flags: frame[at + 13]!,
    payload: frame.slice(at + TCP_BYTES, 14 + ipLength),
    id: family === 4 ? view.getUint16(18) : null,
    sound:
      header === 0 &&
      frame.length === 14 + ipLength &&
      slowChecksum(concat(pseudo(family, segment.length), segment)) === 0,
  };
}

export function tcpAt(family: 4 | 6): number {
  return family === 4 ? 34 : 54;
}

function pseudo(family: 4 | 6, length: number): Uint8Array {
  const [src, dst] = ADDRESSES[family];
  const octets = (text: string): Uint8Array =>
    family === 4 ? Uint8Array.from(text.split('.').map(Number)) : address6(text);
  return concat(octets(src), octets(dst), Uint8Array.of(0, 6, length >> 8, length & 255));
}
