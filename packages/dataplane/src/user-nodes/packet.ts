// A packet as a user's node sees it: one object per node and worker, aimed at one packet after the other.
//
// It reaches the octets of this packet and no others: offsets are checked, because what a user's node gets wrong must
// not show in other packets. Nothing here allocates, save the error of an offset that is out of bounds.
import { FLAG_DECRYPTED, FLAG_LOCAL_ORIGIN, FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import { IP4_CHECKSUM, IP4_FRAGMENT, IP4_FRAGMENT_OFFSET, IP4_TOS, readU16, writeU16 } from '../wire/ip4.js';

const IP6_BYTES = 40;
const HOP_BY_HOP = 0;
const TCP = 6;
const UDP = 17;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const SCTP = 132;
const UDP_LITE = 136;
/** Extension headers looked through for the upper layer; a packet with more has none as far as a node is concerned. */
const EXTENSIONS_MAX = 8;

export class Packet {
  private index = 0;
  private at = 0;
  private end = 0;
  /** Of the upper layer: its protocol and absolute offset; -1 before anybody asked. */
  private upperProtocol = -1;
  private upperAt = 0;
  private laterFragment = false;

  /** @internal @param names of the interfaces, by row. @param ownCounters how many of `counters` the node has declared. */
  constructor(
    private readonly pool: PacketPool,
    private readonly names: readonly string[],
    private readonly counters: Float64Array,
    private readonly ownCounters: number,
  ) {}

  /** @internal */
  aim(index: number): void {
    this.index = index;
    this.at = this.pool.l3[index]!;
    this.end = this.pool.offset[index]! + this.pool.length[index]!;
    this.upperProtocol = -1;
  }

  /** Octets of the IP packet, its header included. */
  get length(): number {
    return this.end - this.at;
  }

  /** 4 or 6. */
  get version(): number {
    return this.pool.bytes[this.at]! >>> 4;
  }

  /** Name of the interface that it came in by: a tunnel's for what was decrypted. */
  get receivedBy(): string {
    return this.names[this.pool.rxInterface[this.index]!] ?? '';
  }

  /** True for what came out of a tunnel. */
  get decrypted(): boolean {
    return (this.pool.flags[this.index]! & FLAG_DECRYPTED) !== 0;
  }

  /** True for what the box itself sends. */
  get own(): boolean {
    return (this.pool.flags[this.index]! & FLAG_LOCAL_ORIGIN) !== 0;
  }

  /** IPv4 source address, unsigned; of IPv6 its first 32 bits. */
  get source(): number {
    return this.version === 4 ? this.u32(12) : this.u32(8);
  }

  /** IPv4 destination address, unsigned; of IPv6 its first 32 bits. */
  get destination(): number {
    return this.version === 4 ? this.u32(16) : this.u32(24);
  }

  /** Word `i`, 0 to 3, of an IPv6 address, the most significant first. */
  source6(i: number): number {
    return this.u32(8 + 4 * i);
  }

  destination6(i: number): number {
    return this.u32(24 + 4 * i);
  }

  /** TTL or hop limit. */
  get ttl(): number {
    return this.version === 4 ? this.u8(8) : this.u8(7);
  }

  /** Differentiated services code point (RFC 2474), 0 to 63. */
  get dscp(): number {
    return this.version === 4 ? this.u8(IP4_TOS) >>> 2 : (this.u16(0) >>> 6) & 63;
  }

  /** Writes it; ECN stays, and an IPv4 header's checksum is brought along (RFC 1624). */
  set dscp(value: number) {
    const word = this.u16(0);
    if (this.version === 6) {
      this.setU16(0, (word & 0xf03f) | ((value & 63) << 6));
      return;
    }
    const changed = (word & 0xff03) | ((value & 63) << 2);
    this.setU16(0, changed);
    const sum = (~this.u16(IP4_CHECKSUM) & 0xffff) + (~word & 0xffff) + changed;
    const folded = (sum & 0xffff) + (sum >>> 16);
    this.setU16(IP4_CHECKSUM, ~(folded + (folded >>> 16)) & 0xffff);
  }

  /** Protocol of the upper layer: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6… IPv6's extension headers are passed over. */
  get protocol(): number {
    this.findUpper();
    return this.upperProtocol;
  }

  /** Offset of the upper layer's header from the IP header on; -1 in a fragment that is not the first. */
  get upper(): number {
    this.findUpper();
    return this.laterFragment || this.upperAt >= this.end ? -1 : this.upperAt - this.at;
  }

  /** Source port of TCP, UDP or SCTP; -1 when there is none, or a fragment's is not known. */
  get sourcePort(): number {
    return this.portAt(0);
  }

  get destinationPort(): number {
    return this.portAt(2);
  }

  /** The octet at an offset from the IP header on. @throws RangeError beyond the packet. */
  u8(offset: number): number {
    this.check(offset, 1);
    return this.pool.bytes[this.at + offset]!;
  }

  /** 16 bits in network order. @throws RangeError beyond the packet. */
  u16(offset: number): number {
    this.check(offset, 2);
    return readU16(this.pool.bytes, this.at + offset);
  }

  /** 32 bits in network order, unsigned. @throws RangeError beyond the packet. */
  u32(offset: number): number {
    this.check(offset, 4);
    const at = this.at + offset;
    return readU16(this.pool.bytes, at) * 65_536 + readU16(this.pool.bytes, at + 2);
  }

  /** Writes an octet; checksums are the node's to keep. @throws RangeError beyond the packet. */
  setU8(offset: number, value: number): void {
    this.check(offset, 1);
    this.pool.bytes[this.at + offset] = value;
  }

  setU16(offset: number, value: number): void {
    this.check(offset, 2);
    writeU16(this.pool.bytes, this.at + offset, value);
  }

  setU32(offset: number, value: number): void {
    this.check(offset, 4);
    writeU16(this.pool.bytes, this.at + offset, value >>> 16);
    writeU16(this.pool.bytes, this.at + offset + 2, value & 0xffff);
  }

  /** Adds one to the node's counter of that index, for a packet that goes on. */
  count(counter: number): void {
    if (counter >= 0 && counter < this.ownCounters) this.counters[counter]!++;
  }

  private check(offset: number, octets: number): void {
    if (offset < 0 || this.at + offset + octets > this.end || !Number.isInteger(offset)) {
      throw new RangeError(`offset ${offset} is beyond the packet's ${this.length} octets`);
    }
  }

  private portAt(offset: number): number {
    this.findUpper();
    const protocol = this.upperProtocol;
    if (protocol !== TCP && protocol !== UDP && protocol !== SCTP && protocol !== UDP_LITE) return -1;
    if (this.laterFragment) {
      if (!(this.pool.flags[this.index]! & FLAG_PORTS)) return -1;
      const ports = this.pool.ports[this.index]!;
      return offset === 0 ? ports >>> 16 : ports & 0xffff;
    }
    return this.upperAt + offset + 2 > this.end ? -1 : readU16(this.pool.bytes, this.upperAt + offset);
  }

  private findUpper(): void {
    if (this.upperProtocol >= 0) return;
    const { bytes } = this.pool;
    const { at, end } = this;
    if (this.version === 4) {
      this.upperProtocol = bytes[at + 9]!;
      this.upperAt = at + ((bytes[at]! & 15) << 2);
      this.laterFragment = (readU16(bytes, at + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) !== 0;
      return;
    }
    let next = bytes[at + 6]!;
    let upper = at + IP6_BYTES;
    this.laterFragment = false;
    for (let i = 0; i < EXTENSIONS_MAX && upper + 8 <= end && !this.laterFragment; i++) {
      if (next === FRAGMENT) {
        this.laterFragment = (readU16(bytes, upper + 2) & 0xfff8) !== 0;
        next = bytes[upper]!;
        upper += 8;
      } else if (next === HOP_BY_HOP || next === ROUTING || next === DESTINATION_OPTIONS) {
        next = bytes[upper]!;
        upper += (bytes[upper + 1]! + 1) << 3;
      } else {
        break;
      }
    }
    this.upperProtocol = next;
    this.upperAt = upper;
  }
}
