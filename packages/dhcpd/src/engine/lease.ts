// A lease: who has which address until when. What the log keeps, and what `show leases` shows.
import { type DhcpLease, type DhcpLeaseState, formatIp4 } from '@sluice/shared';

export interface Lease {
  vrf: string;
  /** Unsigned. */
  address: number;
  state: DhcpLeaseState;
  /** As `clientKey` says it; empty of an address that a stranger has. */
  client: string;
  /** `02:00:00:00:00:01`, empty when there is none. */
  mac: string;
  /** Option 61 in hexadecimal, empty when the client sent none. */
  clientId: string;
  hostName: string;
  vendorClass: string;
  circuitId: string;
  remoteId: string;
  /** What its place on the network counts by: `mac 02:…`, `circuit 0001…`; see limits.ts. */
  port: string;
  /** `lan/p1`: the network, and the member of its bridge; `lan/?` when that is not known, empty without a bridge. */
  member: string;
  startedMs: number;
  /** Infinity for ever. Of a declined address: until when it is left alone. */
  expiresMs: number;
}

/** Whether an address is in use, or to be left alone. */
export function isActive(lease: Pick<Lease, 'state'> | undefined): boolean {
  return lease?.state === 'bound' || lease?.state === 'declined';
}

export function leaseReport(lease: Lease, network: string | null, reserved: boolean): DhcpLease {
  return {
    vrf: lease.vrf,
    address: formatIp4(lease.address),
    state: lease.state,
    mac: lease.mac || null,
    client_id: lease.clientId || null,
    host_name: lease.hostName || null,
    vendor_class: lease.vendorClass || null,
    network,
    circuit_id: lease.circuitId || null,
    remote_id: lease.remoteId || null,
    member: lease.member.slice(lease.member.indexOf('/') + 1) || null,
    reserved,
    started_ms: lease.startedMs,
    expires_ms: lease.expiresMs === Number.POSITIVE_INFINITY ? null : lease.expiresMs,
  };
}
