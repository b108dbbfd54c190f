// The processes that the agent tells their parts, by their contracts.
import {
  type ActorClient,
  connect,
  type DataplaneState,
  type DhcpState,
  dataplaneContract,
  dhcpdContract,
  type IkeState,
  ikeBridgeContract,
  type Logger,
} from '@sluice/shared';
import type { PartStatus, TargetClient } from './target.js';

interface Place {
  runDir: string;
  log: Logger;
}

export function dataplaneClient(place: Place): TargetClient<DataplaneState> {
  const client: ActorClient<typeof dataplaneContract> = connect(dataplaneContract, place);
  return {
    name: dataplaneContract.name,
    apply: (part) => client.request('apply', part),
    follow: (handlers) => {
      client.subscribe('status', asSubscriber(handlers));
    },
    close: () => client.close(),
  };
}

export function ikeBridgeClient(place: Place): TargetClient<IkeState> {
  const client: ActorClient<typeof ikeBridgeContract> = connect(ikeBridgeContract, place);
  return {
    name: ikeBridgeContract.name,
    apply: (part) => client.request('apply', part),
    follow: (handlers) => {
      client.subscribe('status', asSubscriber(handlers));
    },
    close: () => client.close(),
  };
}

export function dhcpdClient(place: Place): TargetClient<DhcpState> {
  const client: ActorClient<typeof dhcpdContract> = connect(dhcpdContract, place);
  return {
    name: dhcpdContract.name,
    apply: (part) => client.request('apply', part),
    follow: (handlers) => {
      client.subscribe('status', asSubscriber(handlers));
    },
    close: () => client.close(),
  };
}

/** Snapshot and event of a status topic are the same thing: the whole status. */
function asSubscriber(handlers: Parameters<TargetClient<never>['follow']>[0]) {
  return {
    onSnapshot: (status: PartStatus) => handlers.onStatus(status),
    onEvent: (status: PartStatus) => handlers.onStatus(status),
    onDown: () => handlers.onDown(),
  };
}
