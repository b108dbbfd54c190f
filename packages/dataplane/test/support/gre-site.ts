// A site whose tunnel `tun` is GRE or IPIP, and such packets written by hand.
import type { TunnelSection } from '@sluice/shared';
import type { Bench, BenchOptions } from './bench.js';
import { concat, ip4, slowChecksum, viewOf } from './packets.js';
import { PEER, siteWithTunnel, tunnelTo, WAN } from './site.js';

export interface GreOptions {
  payload: Uint8Array;
  protocol?: number;
  key?: number;
  sequence?: number;
  /** Right, or another than that. */
  checksum?: 'good' | 'bad';
  /** Bits that are set besides. */
  flags?: number;
}

/** GRE header and payload (RFC 2784, RFC 2890). */
export function gre(o: GreOptions): Uint8Array {
  const word = (value: number): Uint8Array => {
    const octets = new Uint8Array(4);
    viewOf(octets).setUint32(0, value);
    return octets;
  };
  const flags =
    (o.flags ?? 0) |
    (o.checksum === undefined ? 0 : 0x8000) |
    (o.key === undefined ? 0 : 0x2000) |
    (o.sequence === undefined ? 0 : 0x1000);
  const parts = [word(flags * 65_536 + (o.protocol ?? 0x0800))];
  if (o.checksum !== undefined) parts.push(word(0));
  if (o.key !== undefined) parts.push(word(o.key));
  if (o.sequence !== undefined) parts.push(word(o.sequence));
  const packet = concat(...parts, o.payload);
  if (o.checksum !== undefined)
    viewOf(packet).setUint16(4, slowChecksum(packet) ^ (o.checksum === 'good' ? 0 : 0x0100));
  return packet;
}

/** From the peer's end of the tunnel to ours. */
export function fromPeer(
  protocol: number,
  payload: Uint8Array,
  more: Partial<Parameters<typeof ip4>[0]> = {},
): Uint8Array {
  return ip4({ src: PEER, dst: WAN, protocol, payload, ...more });
}

/** A tunnel of a kind; protected by its transport-mode SAs, or without any when `clear`. */
export function siteOfKind(
  section: Partial<TunnelSection> & { kind: 'gre' | 'ipip' },
  clear = false,
  more: Partial<BenchOptions> = {},
): Bench {
  const tunnel = tunnelTo({}, { section, spec: { mode: 'transport' } });
  const bench = siteWithTunnel({}, { tunnels: [tunnel], ...more });
  if (clear) bench.control.interfaces.tunnelSa[bench.row('tun')] = 0;
  return bench;
}
