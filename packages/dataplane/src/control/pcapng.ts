// The pcapng format (draft-ietf-opsawg-pcapng): blocks of a capture file that Wireshark opens.

export const LINKTYPE_ETHERNET = 1;
/** Begins with an IPv4 or IPv6 header (LINKTYPE_RAW). */
export const LINKTYPE_RAW = 101;

const BLOCK_SECTION = 0x0a0d0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_STATISTICS = 5;
const BLOCK_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const SECTION_HARDWARE = 2;
const SECTION_APPLICATION = 4;
const INTERFACE_NAME = 2;
const PACKET_FLAGS = 2;
const STATISTICS_DROPPED = 5;

type Option = [code: number, value: Buffer];

/** The first block of a file. Timestamps are in microseconds, the format's own resolution. */
export function sectionHeader(application: string, hardware: string): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(BYTE_ORDER, 0);
  fixed.writeUInt16LE(1, 4);
  fixed.writeBigInt64LE(-1n, 8); // the length of the section is not known
  return block(BLOCK_SECTION, fixed, [
    [SECTION_HARDWARE, Buffer.from(hardware)],
    [SECTION_APPLICATION, Buffer.from(application)],
  ]);
}

/** Interfaces are numbered in the order of their blocks. */
export function interfaceDescription(name: string, linkType: number, snapLength: number): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(linkType, 0);
  fixed.writeUInt32LE(snapLength, 4);
  return block(BLOCK_INTERFACE, fixed, [[INTERFACE_NAME, Buffer.from(name)]]);
}

export interface PacketRecord {
  interface: number;
  /** Microseconds since 1970. */
  time: number;
  bytes: Uint8Array;
  /** Octets that it had on the wire. */
  length: number;
  direction: 'in' | 'out' | null;
  comment: string | null;
}

export function enhancedPacket(packet: PacketRecord): Buffer {
  const fixed = Buffer.alloc(20);
  fixed.writeUInt32LE(packet.interface, 0);
  fixed.writeUInt32LE(Math.floor(packet.time / 2 ** 32), 4);
  fixed.writeUInt32LE(Math.floor(packet.time) % 2 ** 32, 8);
  fixed.writeUInt32LE(packet.bytes.length, 12);
  fixed.writeUInt32LE(packet.length, 16);
  const options: Option[] = [];
  if (packet.direction !== null) {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(packet.direction === 'in' ? 1 : 2);
    options.push([PACKET_FLAGS, flags]);
  }
  if (packet.comment !== null) options.push([OPTION_COMMENT, Buffer.from(packet.comment)]);
  return block(BLOCK_PACKET, Buffer.concat([fixed, padded(packet.bytes)]), options);
}

/** The end of an interface's capture: how many packets it missed. */
export function interfaceStatistics(index: number, time: number, dropped: number): Buffer {
  const fixed = Buffer.alloc(12);
  fixed.writeUInt32LE(index, 0);
  fixed.writeUInt32LE(Math.floor(time / 2 ** 32), 4);
  fixed.writeUInt32LE(Math.floor(time) % 2 ** 32, 8);
  const count = Buffer.alloc(8);
  count.writeBigUInt64LE(BigInt(dropped));
  return block(BLOCK_STATISTICS, fixed, [[STATISTICS_DROPPED, count]]);
}

function block(type: number, fixed: Buffer, options: readonly Option[]): Buffer {
  const tail = options.flatMap(([code, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, padded(value)];
  });
  if (options.length > 0) tail.push(Buffer.alloc(4, OPTION_END));
  const body = Buffer.concat([fixed, ...tail]);
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32LE(type, 0);
  out.writeUInt32LE(out.length, 4);
  body.copy(out, 8);
  out.writeUInt32LE(out.length, out.length - 4);
  return out;
}

function padded(bytes: Uint8Array): Buffer {
  const out = Buffer.alloc((bytes.length + 3) & ~3);
  out.set(bytes);
  return out;
}
