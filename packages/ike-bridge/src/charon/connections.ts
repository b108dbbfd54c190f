// A connection of the device configuration in the terms of VICI's load-conn (swanctl.conf).
import type { ChildSection, ConnectionSection } from '@sluice/shared';
import type { ViciInput } from '../vici/index.js';
import { childLifetime, ikeLifetime } from './lifetimes.js';

/** The bridge's part of the device configuration: IkeState without its revision. */
export interface DesiredIke {
  connections: readonly ConnectionSection[];
  /** Interface ids of the tunnels that children name. */
  tunnels: ReadonlyArray<{ name: string; if_id: number }>;
}

/** A connection, taken apart by what a change of it disturbs: the IKE_SA, or one CHILD_SA. */
export interface CharonConnection {
  name: string;
  /** Everything but the children. */
  ike: Record<string, string | number | boolean | string[] | Record<string, string>>;
  children: Map<string, Record<string, string | number | string[]>>;
}

/** The identities of both sides; an endpoint without one is known by its address. */
export function identities(connection: ConnectionSection): { local: string; remote: string } {
  const { local, remote } = connection;
  return { local: local.id ?? local.address, remote: remote.id ?? remote.address };
}

/** @throws Error when a child names a tunnel without interface id */
export function toCharon(connection: ConnectionSection, tunnels: DesiredIke['tunnels']): CharonConnection {
  const id = identities(connection);
  const children = new Map<string, Record<string, string | number | string[]>>();
  for (const child of connection.children) {
    const tunnel = tunnels.find((candidate) => candidate.name === child.tunnel);
    if (tunnel === undefined) {
      throw new Error(
        `Child ${child.name} of connection ${connection.name} names the tunnel ${child.tunnel}, which is not configured.`,
      );
    }
    children.set(child.name, toCharonChild(child, tunnel.if_id));
  }
  return {
    name: connection.name,
    ike: {
      version: connection.version,
      local_addrs: [connection.local.address],
      remote_addrs: [connection.remote.address],
      proposals: connection.proposals,
      encap: connection.force_udp_encapsulation,
      dpd_delay: connection.dpd_delay_s,
      // The local address is configured, so there is nowhere to move to, and without a NAT port 500 will do.
      mobike: false,
      // Never announces INITIAL_CONTACT and never obeys one: after a restart of charon the peer keeps the old
      // CHILD_SA, which the data plane goes on using, until the new one carries traffic.
      unique: 'never',
      // 0: as long as it takes. A side that only restores an SA gives up after one round of retransmissions.
      keyingtries: connection.start === 'initiate' ? 0 : 1,
      send_certreq: false,
      ...ikeLifetime(connection.rekey_time_s),
      local: { auth: 'psk', id: id.local },
      remote: { auth: 'psk', id: id.remote },
    },
    children,
  };
}

function toCharonChild(child: ChildSection, ifId: number): Record<string, string | number | string[]> {
  return {
    mode: 'tunnel',
    local_ts: child.local_ts,
    remote_ts: child.remote_ts,
    esp_proposals: child.esp_proposals,
    replay_window: child.replay_window,
    if_id_in: ifId,
    if_id_out: ifId,
    ...childLifetime(child),
    // Who is up and who is not is the bridge's to decide, from what is there (keep-up.ts). charon's own restart
    // would bring back every stale duplicate that a peer's restart leaves behind, so that they add up.
    start_action: 'none',
    dpd_action: 'clear',
    close_action: 'none',
  };
}

/** The message of load-conn. */
export function loadConnMessage(connection: CharonConnection): ViciInput {
  const { name, ike, children } = connection;
  return { [name]: { ...ike, children: new Map(children) } };
}
