// The LAN of site6 as neighbour discovery sees it: what its host and a router say, what the box answers, and what
// its workers tell the control side of that.
import { HEARD_IP6, HEARD_NO_MAC } from '../../src/tables/neighbour-records.js';
import type { Bench, BenchRecord } from './bench.js';
import { ALL_NODES, linkOption, type NdOptions, nd, ndFrame, solicitedNode } from './nd.js';
import { concat, mac, viewOf } from './packets.js';
import { icmp6 } from './packets6.js';
import { HOST_MAC, HOST6, LAN6 } from './site.js';

export const NS = 135;
export const NA = 136;
/** A router of the LAN. */
export const ROUTER_LINK = 'fe80::1';

/** A solicitation: the host wants to send to the box. */
export const ASKS: NdOptions = {
  src: HOST6,
  dst: solicitedNode(LAN6),
  target: LAN6,
  options: linkOption(1, HOST_MAC),
};
/** A solicitation: the host wants the box's address for itself. */
export const PROBES: NdOptions = { ...ASKS, src: '::', options: new Uint8Array() };
/** An advertisement: the host answers the box. */
export const SAYS: NdOptions = {
  src: HOST6,
  dst: LAN6,
  target: HOST6,
  flags: 0x60,
  options: linkOption(2, HOST_MAC),
};

/** An NS or NA of the host, in its frame. */
export const fromHost = (bench: Bench, type: number, o: NdOptions): Uint8Array =>
  ndFrame(nd(type, o), HOST_MAC, o.dst.startsWith('ff') ? undefined : bench.mac('lan'));

/** An advertisement of the box, in its frame: to the group of `dst`, or to the station `to`. */
export const fromBox = (bench: Bench, target: string, dst: string, flags: number, to?: string): Uint8Array =>
  ndFrame(
    nd(NA, { src: target, dst, target, flags, options: linkOption(2, bench.mac('lan')) }),
    bench.mac('lan'),
    to,
  );

/** What the control side is told of an address on the LAN; `from` is null when nobody named a MAC address. */
export function told(
  bench: Bench,
  kind: number,
  flags: number,
  address: string,
  from: string | null,
): BenchRecord {
  const view = viewOf(mac(from ?? '00:00:00:00:00:00'));
  return {
    kind,
    interface: bench.row('lan'),
    flags: flags | HEARD_IP6 | (from === null ? HEARD_NO_MAC : 0),
    address,
    mac0: view.getUint16(0, true),
    mac2: view.getInt32(2, true),
  };
}

/** Reachable time and retransmission timer of a router advertisement. */
export const RA_BODY = new Uint8Array(8);

/** A router advertisement to all nodes, in its frame. */
export const fromRouter = (o: Partial<NdOptions> = {}): Uint8Array =>
  ndFrame(
    icmp6({
      src: ROUTER_LINK,
      dst: ALL_NODES,
      hopLimit: 255,
      type: 134,
      word: 0x4000_0708,
      body: concat(RA_BODY, o.options ?? linkOption(1, HOST_MAC)),
      ...(o.src === undefined ? {} : { src: o.src }),
      ...(o.code === undefined ? {} : { code: o.code }),
    }),
    HOST_MAC,
  );
