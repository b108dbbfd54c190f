// ip4-frag: cuts a packet into fragments of its adjacency's MTU (RFC 791 section 3.2, "Fragmentation").
//
// Expects: ip4-rewrite has run: the link header, if any, stands before the IP header.
// Next:    interface-output, esp-encrypt. The packet itself becomes the first fragment, unless it is in a large frame.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FLAG_PORTS, FRAME_BYTES, type PacketPool } from '../memory/packet-pool.js';
import { ADJ_MTU, ADJ_SHIFT } from '../tables/adjacencies.js';
import { foldSum } from '../wire/checksum.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  IP4_TOTAL_LENGTH,
  readU16,
  setHeaderChecksum,
  swap16,
  writeU16,
} from '../wire/ip4.js';
import { upperPorts } from '../wire/upper-layer.js';
import {
  COUNT_MTU_TOO_SMALL,
  COUNT_NO_FRAMES,
  FRAGMENT_START,
  fragmentCounters,
  NEXT_OF_FRAGMENTS,
  sendFragments,
  TAIL_ROOM,
} from './fragments.js';

const COUNT_BAD_OFFSET = 3;

/** Octets of a datagram at most (RFC 791). */
const DATAGRAM_BYTES_MAX = 65_535;

/** The option's copied flag (RFC 791): it goes into every fragment. */
const OPTION_COPIED = 0x80;

/** A datagram of 65,535 octets makes 1,365 at the smallest MTU, 68. More would fill the vectors of the nodes behind. */
const FRAGMENTS_MAX = 2048;
const fragments = new Int32Array(FRAGMENTS_MAX);

export const ip4Frag = defineNode({
  name: 'ip4-frag',
  next: NEXT_OF_FRAGMENTS,
  counters: [
    ...fragmentCounters('the MTU leaves no room for 8 octets behind the header'),
    {
      name: 'bad_offset',
      severity: 'error',
      drop: true,
      help: 'itself a fragment, of a datagram that would be longer than 65,535 octets',
    },
  ],

  make(context) {
    const { pool, adjacencies } = context;
    const { adjacency, reason } = pool;
    const cut = makeCut(pool);
    return (_context, frame, next, counters) => {
      const { packets } = frame;
      for (let i = 0; i < frame.length; i++) {
        const packet = packets[i]!;
        const row = adjacency[packet]! << ADJ_SHIFT;
        const made = cut(packet, adjacencies[row + ADJ_MTU]!);
        if (made >= 0) {
          sendFragments(context, counters, fragments, made, row);
          next[i] = NEXT_CONSUMED;
        } else {
          counters[~made]!++;
          reason[packet] = ~made;
          next[i] = NEXT_DROP;
        }
      }
    };
  },
});

/**
 * Makes what cuts a packet; the fragments' frames are in `fragments`, in order. Returns how many there are, or
 * the complement of the counter to drop the packet under, which is as it was.
 */
function makeCut(pool: PacketPool): (packet: number, mtu: number) => number {
  const { bytes, i32, u16, offset, l3, length, rxInterface, txInterface, flags, trace, copy } = pool;
  return (packet, mtu) => {
    const ip = l3[packet]!;
    const lead = ip - offset[packet]!;
    const header = headerBytes(bytes, ip);
    const payload = length[packet]! - lead - header;
    const room = (mtu - header) & ~7;
    if (room <= 0) return ~COUNT_MTU_TOO_SMALL;
    const count = ((payload + room - 1) / room) | 0;
    if (count > FRAGMENTS_MAX) return ~COUNT_MTU_TOO_SMALL;
    const word = readU16(bytes, ip + IP4_FRAGMENT);
    const firstOffset = word & IP4_FRAGMENT_OFFSET;
    // Offsets behind it would run over into the flags.
    if ((firstOffset << 3) + payload > DATAGRAM_BYTES_MAX) return ~COUNT_BAD_OFFSET;
    // Ports send no large frames; what is sealed into a tunnel next needs room behind it.
    const large = FRAGMENT_START + header + room + (lead === 0 ? TAIL_ROOM : 0) > FRAME_BYTES;
    // The packet is its own first fragment, unless its frame is larger than that may be.
    const from = !large && pool.room(packet) > FRAME_BYTES ? 0 : 1;
    fragments[0] = packet;
    if (!allocate(pool, from, count - from, large)) return ~COUNT_NO_FRAMES;

    // Into a tunnel: its SA's selectors may ask for ports, which only the first fragment shows.
    if (lead === 0 && firstOffset === 0) tellPorts(pool, packet, ip + header, payload);
    const last = word & IP4_MF;
    // What the checksums of all fragments have in common, which is all but lengths and fragment words.
    const sum = sumOfRest(u16, ip);
    for (let k = from; k < count; k++) {
      const at = k * room;
      const size = Math.min(room, payload - at);
      const target = fragments[k]!;
      const targetIp = pool.base(target) + FRAGMENT_START;
      const fragmentWord = (firstOffset + (at >>> 3)) | (k === count - 1 ? last : IP4_MF);
      copyLink(i32, ip, targetIp, lead);
      let targetHeader = IP4_BYTES;
      if (header === IP4_BYTES) {
        writeHeader(i32, ip, targetIp, IP4_BYTES + size, fragmentWord, sum);
      } else {
        targetHeader = copyHeader(bytes, ip, header, targetIp, k === 0);
        finish(bytes, u16, targetIp, targetHeader, size, fragmentWord);
      }
      copy(targetIp + targetHeader, ip + header + at, size);
      if (lead === 0) {
        pool.copyMetadata(packet, target);
      } else {
        // Behind its link header nobody asks for more.
        rxInterface[target] = rxInterface[packet]!;
        txInterface[target] = txInterface[packet]!;
        flags[target] = flags[packet]!;
        trace[target] = trace[packet]!;
      }
      offset[target] = targetIp - lead;
      l3[target] = targetIp;
      length[target] = lead + targetHeader + size;
    }
    if (from === 0) {
      pool.free(packet);
    } else {
      length[packet] = lead + header + room;
      const fragmentWord = firstOffset | IP4_MF;
      if (header === IP4_BYTES) writeHeader(i32, ip, ip, IP4_BYTES + room, fragmentWord, sum);
      else finish(bytes, u16, ip, header, room, fragmentWord);
    }
    return count;
  };
}

/** Has every fragment know the ports of the datagram. */
function tellPorts(pool: PacketPool, packet: number, at: number, payload: number): void {
  const { bytes, flags } = pool;
  pool.ports[packet] = upperPorts(bytes, bytes[pool.l3[packet]! + IP4_PROTOCOL]!, at, at + payload);
  flags[packet] = flags[packet]! | FLAG_PORTS;
}

/** The link header before an IP header, by whole words: up to three octets before it go along. */
function copyLink(i32: Int32Array, ip: number, to: number, lead: number): void {
  const back = (to - ip) >> 2;
  for (let at = (ip - lead) >> 2; at < ip >> 2; at++) i32[at + back] = i32[at]!;
}

/** Sum of a header's first 20 octets but for length, fragment word and checksum, as loads have them. */
function sumOfRest(u16: Uint16Array, ip: number): number {
  const at = ip >>> 1;
  const first = u16[at]! + u16[at + 2]! + u16[at + 4]!;
  return first + u16[at + 6]! + u16[at + 7]! + u16[at + 8]! + u16[at + 9]!;
}

/** A header without options like another, but for these fields; `sum` is sumOfRest of the other. */
function writeHeader(
  i32: Int32Array,
  from: number,
  to: number,
  totalLength: number,
  fragment: number,
  sum: number,
): void {
  const source = from >>> 2;
  const target = to >>> 2;
  const lengthWord = swap16(totalLength);
  const fragmentWord = swap16(fragment);
  const checksum = ~foldSum(sum + lengthWord + fragmentWord);
  i32[target] = (i32[source]! & 0xffff) | (lengthWord << 16);
  i32[target + 1] = (i32[source + 1]! & 0xffff) | (fragmentWord << 16);
  i32[target + 2] = (i32[source + 2]! & 0xffff) | (checksum << 16);
  i32[target + 3] = i32[source + 3]!;
  i32[target + 4] = i32[source + 4]!;
}

/** Takes `count` frames into `fragments` from `at` on, all or none. */
function allocate(pool: PacketPool, at: number, count: number, large: boolean): boolean {
  let got = 0;
  if (large) {
    while (got < count) {
      const frame = pool.allocLarge();
      if (frame < 0) break;
      fragments[at + got++] = frame;
    }
  } else {
    got = pool.allocMany(fragments, at, count);
  }
  if (got === count) return true;
  pool.freeMany(fragments, at, got);
  return false;
}

/** Writes what differs between fragments: length, fragment word, checksum. */
function finish(
  bytes: Uint8Array,
  u16: Uint16Array,
  ip: number,
  header: number,
  size: number,
  word: number,
): void {
  writeU16(bytes, ip + IP4_TOTAL_LENGTH, header + size);
  writeU16(bytes, ip + IP4_FRAGMENT, word);
  setHeaderChecksum(u16, ip, header);
}

/**
 * Copies a header for a fragment: into the first whole, into others with those of its options that go into every one.
 * Returns its length in bytes.
 */
function copyHeader(bytes: Uint8Array, from: number, header: number, to: number, whole: boolean): number {
  if (whole || header === IP4_BYTES) {
    bytes.copyWithin(to, from, from + header);
    return header;
  }
  bytes.copyWithin(to, from, from + IP4_BYTES);
  let end = to + IP4_BYTES;
  for (let at = from + IP4_BYTES; at < from + header; ) {
    const option = bytes[at]!;
    if (option === 0) break;
    const size = option === 1 ? 1 : Math.max(2, bytes[at + 1]!);
    if (option & OPTION_COPIED && at + size <= from + header) {
      bytes.copyWithin(end, at, at + size);
      end += size;
    }
    at += size;
  }
  while ((end - to) & 3) bytes[end++] = 0;
  bytes[to] = 0x40 | ((end - to) >>> 2);
  return end - to;
}
