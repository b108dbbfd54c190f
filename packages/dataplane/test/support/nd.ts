// Neighbour discovery messages written by hand, with nothing of src/wire, so that each checks the other.
import { concat, ethernet, mac } from './packets.js';
import { address6, type Icmp6Options, icmp6 } from './packets6.js';

export const ALL_NODES = 'ff02::1';

export interface NdOptions extends Partial<Icmp6Options> {
  src: string;
  dst: string;
  target?: string;
  /** Flags of an NA, the first octet. */
  flags?: number;
  /** Octets of all options. */
  options?: Uint8Array;
}

/** A link-layer address option of kind 1 or 2. */
export function linkOption(kind: number, address: string): Uint8Array {
  return concat(Uint8Array.of(kind, 1), mac(address));
}

/** An NS (135) or NA (136) as an IPv6 packet. */
export function nd(type: number, o: NdOptions): Uint8Array {
  return icmp6({
    hopLimit: 255,
    word: ((o.flags ?? 0) << 24) >>> 0,
    ...o,
    type,
    body: concat(address6(o.target ?? '::'), o.options ?? new Uint8Array()),
  });
}

/** ff02::1:ffXX:XXXX of an address. */
export function solicitedNode(address: string): string {
  const octets = address6(address);
  const hex = (a: number, b: number): string => ((a << 8) | b).toString(16);
  return `ff02::1:${hex(0xff, octets[13]!)}:${hex(octets[14]!, octets[15]!)}`;
}

/** In a frame to the group of its destination, or to `to`. */
export function ndFrame(packet: Uint8Array, source: string, to?: string): Uint8Array {
  const group = Array.from(concat(Uint8Array.of(0x33, 0x33), packet.subarray(36, 40)), (octet) =>
    octet.toString(16).padStart(2, '0'),
  ).join(':');
  return ethernet(to ?? group, source, 0x86dd, packet);
}
