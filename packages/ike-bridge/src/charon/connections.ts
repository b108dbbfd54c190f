// A connection of the device configuration in the terms of VICI's load-conn (swanctl.conf).
import {
  ANY_ADDRESS,
  type ChildSection,
  type ConfiguredSelector,
  type ConnectionSection,
  canonicalIp,
  childEspProposals,
  childSelectors,
  ikeProposals,
  parseTrafficSelector,
  remoteAuth,
  showsCertificate,
} from '@sluice/shared';
import type { ViciInput } from '../vici/index.js';
import { authentication, type Rounds } from './authentication.js';
import { type Material, NO_MATERIAL } from './credentials.js';
import { dpdOf } from './failure-detection.js';
import { childLifetime, ikeLifetime } from './lifetimes.js';
import { virtualAddresses } from './pools.js';

/** The bridge's part of the device configuration: IkeState without its revision. */
export interface DesiredIke {
  connections: readonly ConnectionSection[];
  /** Interface ids of the tunnels that children name. */
  tunnels: ReadonlyArray<{ name: string; if_id: number }>;
}

/** A connection, taken apart by what a change of it disturbs: the IKE_SA, or one CHILD_SA. */
export interface CharonConnection {
  name: string;
  /** Everything but the children and who authenticates how. */
  ike: Record<string, string | number | boolean | string[]>;
  rounds: Rounds;
  children: Map<string, CharonChild>;
}

type CharonChild = Record<string, string | number | boolean | string[]>;

/** As charon prints it, so that what it lists can be compared. */
function canonical(address: string): string {
  return address === ANY_ADDRESS ? '%any' : (canonicalIp(address) ?? address);
}

/** Interface ids by name of their tunnels. */
export type IfIds = ReadonlyMap<string, number>;

export function ifIdsOf(tunnels: DesiredIke['tunnels']): IfIds {
  return new Map(tunnels.map(({ name, if_id }) => [name, if_id]));
}

/** @throws Error when a child names a tunnel without interface id */
export function toCharon(connection: ConnectionSection, ifIds: IfIds): CharonConnection {
  const children = new Map<string, CharonChild>();
  for (const child of connection.children) {
    const ifId = ifIds.get(child.tunnel);
    if (ifId === undefined) {
      throw new Error(
        `Child ${child.name} of connection ${connection.name} names the tunnel ${child.tunnel}, which is not configured.`,
      );
    }
    children.set(child.name, toCharonChild(connection, child, ifId));
  }
  return {
    name: connection.name,
    ike: {
      version: connection.version,
      local_addrs: [canonical(connection.local.address)],
      remote_addrs: [canonical(connection.remote.address)],
      ...(connection.aggressive ? { aggressive: true } : {}),
      proposals: ikeProposals(connection),
      encap: connection.force_udp_encapsulation,
      ...dpdOf(connection),
      mobike: connection.mobike,
      // Never announces INITIAL_CONTACT and never obeys one: after a restart of charon the peer keeps the old
      // CHILD_SA, which the data plane goes on using, until the new one carries traffic.
      unique: 'never',
      // 0: as long as it takes. A side that only restores an SA gives up after one round of retransmissions.
      keyingtries: connection.start === 'initiate' ? 0 : 1,
      send_certreq: remoteAuth(connection.remote) === 'certificate',
      ...(showsCertificate(connection.local) ? { send_cert: 'always' } : {}),
      ...virtualAddresses(connection),
      ...ikeLifetime(connection.rekey_time_s),
    },
    rounds: authentication(connection),
    children,
  };
}

function toCharonChild(
  { version, start }: ConnectionSection,
  child: ChildSection,
  ifId: number,
): CharonChild {
  const { local, remote } = childSelectors(child);
  return {
    mode: child.mode,
    local_ts: local.map(selectorText),
    remote_ts: remote.map(selectorText),
    esp_proposals: childEspProposals(child, version),
    replay_window: child.replay_window,
    copy_dscp: child.copy_dscp,
    copy_ecn: child.copy_ecn,
    copy_df: child.copy_df,
    tfc_padding: child.tfc_padding,
    if_id_in: ifId,
    if_id_out: ifId,
    ...childLifetime(child),
    // Who is up and who is not is the bridge's to decide, from what is there (keep-up.ts). charon's own restart
    // would bring back every stale duplicate that a peer's restart leaves behind, so that they add up. A trap has
    // charon wait for the ACQUIRE of a packet that no SA takes.
    start_action: start === 'on-traffic' ? 'trap' : 'none',
    dpd_action: 'clear',
    close_action: 'none',
  };
}

/** Protocol and ports as numbers: which names there are depends on files of the system. */
function selectorText(text: string): string {
  const read = parseTrafficSelector(text);
  if (typeof read === 'string') throw new Error(`The traffic selector ${text} ${read}.`);
  const { network, protocol, ports } = read;
  return `${network}${suffixOf(protocol, ports)}`;
}

function suffixOf(protocol: number, [from, to]: ConfiguredSelector['ports']): string {
  if (protocol === 0) return '';
  if (from === 0 && to === 65_535) return `[${protocol}]`;
  return `[${protocol}/${from === to ? from : `${from}-${to}`}]`;
}

/** The message of load-conn: certificates are in their sections, as DER. */
export function loadConnMessage(connection: CharonConnection, material: Material = NO_MATERIAL): ViciInput {
  const { name, ike, rounds, children } = connection;
  const { local, remote, ...second } = rounds;
  return {
    [name]: {
      ...ike,
      local: { ...local, ...some('certs', material.own) },
      remote: { ...remote, ...some('cacerts', material.authorities), ...some('certs', material.pinned) },
      ...second,
      children: new Map(children),
    },
  };
}

function some(key: string, values: readonly Buffer[]): Record<string, readonly Buffer[]> {
  return values.length === 0 ? {} : { [key]: values };
}
