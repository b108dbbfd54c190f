// The device configuration's parts: what each process is told, whole, at a revision.
import { type DataplaneState, type DeviceConfig, type IkeState, tunnelIfId } from '@sluice/shared';

export function dataplanePart(config: DeviceConfig, revision: number): DataplaneState {
  return {
    revision,
    dataplane: config.dataplane,
    vrfs: config.vrfs,
    interfaces: config.interfaces,
    vlans: config.vlans,
    bridges: config.bridges,
    loopbacks: config.loopbacks,
    // The interface id is made explicit, so that both processes hold the same one.
    tunnels: config.tunnels.map((tunnel) => ({ ...tunnel, if_id: tunnelIfId(tunnel) })),
    routes: config.routes,
    nodes: config.nodes,
  };
}

export function ikePart(config: DeviceConfig, revision: number): IkeState {
  const named = new Set(
    config.ike.connections.flatMap(({ children }) => children.map((child) => child.tunnel)),
  );
  return {
    revision,
    connections: config.ike.connections,
    tunnels: config.tunnels
      .filter((tunnel) => named.has(tunnel.name))
      .map((tunnel) => ({ name: tunnel.name, if_id: tunnelIfId(tunnel) })),
  };
}
