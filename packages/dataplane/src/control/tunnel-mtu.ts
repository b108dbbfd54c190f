// How much longer packets get on their way through a tunnel, and so how long they may be inside: for the MTU of tunnel
// interfaces, for MSS clamping, and for what path MTU discovery has learnt of the path outside.
import { type EspFormat, espFormat, espOverheadMax, espPayloadMax } from '../tables/esp-algorithms.js';
import { GRE_BYTES, GRE_FIELD_BYTES } from '../wire/gre.js';
import { IP4_BYTES } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';
import { UDP_BYTES } from '../wire/udp.js';
import type { SaSizing } from './sa-port.js';

/** The worst that IKE can agree on: AES-CBC with HMAC-SHA2-512, in UDP, over IPv6. */
const WORST: EspFormat = { ivBytes: 16, alignment: 16, icvBytes: 32 };

export interface TunnelShape {
  kind: 'ipsec' | 'gre' | 'ipip';
  /** Of the outer addresses, where the configuration says it. */
  family: 4 | 6 | null;
  /** A GRE key is in each packet. */
  keyed: boolean;
  /** False for a GRE or IPIP tunnel that need not be protected and has no SA. */
  sealed: boolean;
  /** What its SA adds; null when it has none yet, and the worst is assumed. */
  sa: SaSizing | null;
}

/** Octets that a tunnel adds to an inner packet at most, outer IP header included. */
export function tunnelOverhead(shape: TunnelShape): number {
  const { outer, esp } = partsOf(shape);
  return outer + shimBytes(shape) + (esp === null ? 0 : espOverheadMax(esp));
}

/** Largest inner packet whose outer packet has at most `outerMtu` octets. */
export function innerMtu(outerMtu: number, shape: TunnelShape): number {
  const { outer, esp } = partsOf(shape);
  const room = outerMtu - outer;
  return (esp === null ? room : espPayloadMax(esp, room)) - shimBytes(shape);
}

/** Outer IP header with UDP where there is any, and the format of ESP, null for none. */
function partsOf({ family, sealed, sa }: TunnelShape): { outer: number; esp: EspFormat | null } {
  const ip = (sa?.family ?? family ?? 6) === 4 ? IP4_BYTES : IP6_BYTES;
  if (!sealed) return { outer: ip, esp: null };
  const udp = sa === null || sa.udp ? UDP_BYTES : 0;
  return { outer: ip + udp, esp: sa === null ? WORST : espFormat(sa.transform) };
}

/** What stands between the outer headers and the inner packet. */
function shimBytes({ kind, keyed }: TunnelShape): number {
  if (kind !== 'gre') return 0;
  return GRE_BYTES + (keyed ? GRE_FIELD_BYTES : 0);
}
