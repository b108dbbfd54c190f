// A hub's configuration for many peers: for each a connection, a tunnel and a route.
import type { DeviceConfigInput } from '@sluice/shared';
import { PEERS_OUTER, peerNames } from './peer-names.js';

export interface HubOptions {
  peers: number;
  wan: { device: string; address: string; nextHop: string };
  /** `address` with its length: `10.2.0.1/16`. */
  lan: { device: string; address: string; network: string };
  id: string;
  pskFile: string;
  /** Who calls whom; the peers call unless told. */
  start?: 'initiate' | 'respond';
}

export function hubConfiguration(options: HubOptions): DeviceConfigInput {
  const { wan, lan, id, pskFile, start = 'respond' } = options;
  const peers = Array.from({ length: options.peers }, (_, i) => peerNames(i));
  const local = { address: wan.address.split('/')[0]!, id };
  return {
    schema: 1,
    hostname: 'hub',
    interfaces: [
      { name: 'wan', device: wan.device, addresses: [wan.address] },
      { name: 'lan', device: lan.device, addresses: [lan.address] },
    ],
    tunnels: peers.map(({ name }) => ({ name })),
    routes: [
      { prefix: PEERS_OUTER, next_hop: wan.nextHop },
      ...peers.map(({ name, inner }) => ({ prefix: `${inner}/32`, interface: name })),
    ],
    ike: {
      connections: peers.map((peer) => ({
        name: peer.name,
        local,
        remote: { address: peer.outer, id: peer.id },
        psk: { file: pskFile },
        start,
        children: [
          { name: peer.name, tunnel: peer.name, local_ts: [lan.network], remote_ts: [`${peer.inner}/32`] },
        ],
      })),
    },
  };
}
