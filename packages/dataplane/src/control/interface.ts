// An interface as the control side knows it.
import type { Ip4Prefix, Ip6Prefix } from '@sluice/shared';
import type { Address } from './address.js';
import type { Implied } from './implied-routes.js';

export interface Interface {
  row: number;
  name: string;
  kind: 'ethernet' | 'tunnel' | VirtualKind;
  vrf: number;
  vrfName: string;
  mtu: number;
  enabled: boolean;
  /** Its device has a carrier, or what it lies on is up; always true of what lies on nothing. */
  running: boolean;
  addresses: Ip4Prefix[];
  /** With the link-local one that a port has by itself. */
  addresses6: Ip6Prefix[];
  /** Glean for a link, tunnel for a tunnel, unreachable for a loopback: where its connected networks lead. */
  adjacency: number;
  /** Routes that its addresses imply, by source and prefix. */
  implied: Map<string, ImpliedRoute>;
  /** The worker that owns its queues; a tunnel has none, and takes injected packets on this one. */
  worker: number;
  mac: string | null;
  macOctets: Uint8Array | null;
  device: string | null;
  driver: string | null;
  ifId: number | null;
  outerVrf: number | null;
  /** Of a tunnel: the address that its SAs leave from, once it has some. */
  outerAddress: Address | null;
}

/** Kinds of interfaces that have no device and no SA. */
export type VirtualKind = 'vlan' | 'bridge' | 'loopback';

export type VirtualInterface = Pick<
  Interface,
  'name' | 'vrf' | 'vrfName' | 'mtu' | 'worker' | 'macOctets'
> & {
  kind: VirtualKind;
};

export interface ImpliedRoute extends Implied {
  adjacency: number;
}

export interface PortDetails {
  mac: string;
  macOctets: Uint8Array;
  worker: number;
  driver: string;
}
