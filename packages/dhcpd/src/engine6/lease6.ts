// A lease of DHCPv6: an address or a prefix, of one identity association of a client.
import { type DhcpLease, type DhcpLeaseState, formatIp6Number } from '@sluice/shared';
import { ADDRESS_BITS, type Resource } from '../wire6/associations.js';

export interface Lease6 {
  vrf: string;
  /** `2001:db8::5`, or `2001:db8:1::/56`. */
  address: string;
  kind: 'na' | 'pd';
  state: DhcpLeaseState;
  /** The client's DUID in hexadecimal; empty of an address that a stranger has. */
  client: string;
  iaid: number;
  hostName: string;
  /** The interface whose link the client is on; empty behind relays. */
  interface: string;
  /** The client's link-local address: the router of a delegated prefix. */
  via: string;
  /** What its place on the network counts by: `link fe80::1`, `relay … port 01ff`. */
  port: string;
  startedMs: number;
  /** Infinity for ever. Of a declined address: until when it is left alone. */
  expiresMs: number;
}

export function textOf({ address, length }: Resource): string {
  const text = formatIp6Number(address);
  return length === ADDRESS_BITS ? text : `${text}/${length}`;
}

export function leaseReport6(lease: Lease6, network: string | null, reserved: boolean): DhcpLease {
  return {
    vrf: lease.vrf,
    address: lease.address,
    state: lease.state,
    mac: null,
    client_id: lease.client || null,
    host_name: lease.hostName || null,
    vendor_class: null,
    network,
    circuit_id: null,
    remote_id: null,
    member: null,
    reserved,
    started_ms: lease.startedMs,
    expires_ms: lease.expiresMs === Number.POSITIVE_INFINITY ? null : lease.expiresMs,
  };
}
