// What the configuration says of tunnels and connections, found without a search for each of thousands.
import type { IkeState } from '@sluice/shared';
import { dpdOf } from './charon/index.js';

/** Finds the seconds within which charon gives up a dead peer of a connection; null for never, or when there is no such connection. */
export function detectionIn({ connections }: IkeState): (name: string) => number | null {
  const within = new Map(
    connections.map((connection) => {
      const { dpd_delay: delay, dpd_timeout: timeout } = dpdOf(connection);
      return [connection.name, delay === 0 ? null : timeout];
    }),
  );
  return (name) => within.get(name) ?? null;
}

/** Interface ids of tunnels that a connection is for. */
export function wantedIfIds({ connections, tunnels }: IkeState): Set<number> {
  const names = new Set(connections.flatMap(({ children }) => children.map(({ tunnel }) => tunnel)));
  return new Set(tunnels.filter(({ name }) => names.has(name)).map((tunnel) => tunnel.if_id));
}

/** Interface ids of tunnels whose children wait for traffic. */
export function tunnelsOnTraffic(desired: IkeState | null): number[] {
  const names = new Set(
    (desired?.connections ?? [])
      .filter(({ start }) => start === 'on-traffic')
      .flatMap(({ children }) => children.map(({ tunnel }) => tunnel)),
  );
  return (desired?.tunnels ?? []).filter(({ name }) => names.has(name)).map((tunnel) => tunnel.if_id);
}
