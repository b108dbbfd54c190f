// Which packets a trace or a capture wants: by prefix of either address, and by protocol, of either family.
//
// Compiled once; matching reads the octets at hand and allocates nothing, so that it may stand on the packet path.
import { ip4Mask, ip6MaskWord, parseIp4Prefix, parseIp6Prefix } from '@sluice/shared/net';
import { ETHERNET_BYTES, ETHERTYPE_IP4 } from '../wire/ethernet.js';
import { IP4_BYTES, IP4_DST, IP4_PROTOCOL, IP4_SRC, readU16 } from '../wire/ip4.js';

const ETHERTYPE_IP6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_QINQ = 0x88a8;
const TAG_BYTES = 4;
const IP6_BYTES = 40;
const IP6_NEXT_HEADER = 6;
const IP6_SRC = 8;
const IP6_DST = 24;

export interface FilterSpec {
  /** IPv4 or IPv6 prefix that source or destination must be in. */
  prefix?: string | undefined;
  /** IP protocol, or IPv6 next header. */
  protocol?: number | undefined;
}

export class PacketFilter {
  private readonly family: 0 | 4 | 6;
  private readonly words = new Uint32Array(4);
  private readonly masks = new Uint32Array(4);
  private readonly protocol: number;
  /** True when every packet matches, one too that is no IP. */
  readonly all: boolean;

  /** @throws Error when the prefix is none. */
  constructor({ prefix, protocol }: FilterSpec = {}) {
    this.protocol = protocol ?? -1;
    this.all = prefix === undefined && protocol === undefined;
    const four = prefix === undefined ? null : parseIp4Prefix(prefix);
    const six = prefix === undefined ? null : parseIp6Prefix(prefix);
    if (prefix !== undefined && four === null && six === null) throw new Error(`${prefix} is no IP prefix`);
    this.family = four !== null ? 4 : six !== null ? 6 : 0;
    if (four !== null) {
      this.masks[0] = ip4Mask(four.length);
      this.words[0] = four.address & this.masks[0]!;
    }
    for (let i = 0; six !== null && i < 4; i++) {
      this.masks[i] = ip6MaskWord(six.length, i);
      this.words[i] = six.address[i]! & this.masks[i]!;
    }
  }

  /** Whether the packet from `at` to before `end` is wanted; it begins with an Ethernet header when `ethernet`. */
  matches(bytes: Uint8Array, at: number, end: number, ethernet: boolean): boolean {
    if (this.all) return true;
    const ip = ethernet ? ipBehindEthernet(bytes, at, end) : at;
    if (ip < 0 || ip >= end) return false;
    const version = bytes[ip]! >>> 4;
    if (version === 4) return end - ip >= IP4_BYTES && this.family !== 6 && this.matches4(bytes, ip);
    return version === 6 && end - ip >= IP6_BYTES && this.family !== 4 && this.matches6(bytes, ip);
  }

  private matches4(bytes: Uint8Array, ip: number): boolean {
    if (this.protocol >= 0 && bytes[ip + IP4_PROTOCOL] !== this.protocol) return false;
    return (
      this.family === 0 || this.inPrefix(bytes, ip + IP4_SRC, 1) || this.inPrefix(bytes, ip + IP4_DST, 1)
    );
  }

  private matches6(bytes: Uint8Array, ip: number): boolean {
    if (this.protocol >= 0 && bytes[ip + IP6_NEXT_HEADER] !== this.protocol) return false;
    return (
      this.family === 0 || this.inPrefix(bytes, ip + IP6_SRC, 4) || this.inPrefix(bytes, ip + IP6_DST, 4)
    );
  }

  private inPrefix(bytes: Uint8Array, at: number, words: number): boolean {
    for (let i = 0; i < words; i++) {
      const word = (readU16(bytes, at + 4 * i) << 16) | readU16(bytes, at + 4 * i + 2);
      if ((word ^ this.words[i]!) & this.masks[i]!) return false;
    }
    return true;
  }
}

/** Offset of the IP header behind Ethernet and up to two VLAN tags; -1 when there is none. */
function ipBehindEthernet(bytes: Uint8Array, at: number, end: number): number {
  let type = at + ETHERNET_BYTES - 2;
  for (let tags = 0; tags <= 2; tags++, type += TAG_BYTES) {
    if (type + 2 > end) return -1;
    const value = readU16(bytes, type);
    if (value === ETHERTYPE_IP4 || value === ETHERTYPE_IP6) return type + 2;
    if (value !== ETHERTYPE_VLAN && value !== ETHERTYPE_QINQ) return -1;
  }
  return -1;
}
