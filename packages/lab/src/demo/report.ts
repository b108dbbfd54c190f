// What the demo shows of the tunnel: IKE_SAs, CHILD_SAs with their SPIs, routes.
import type { IkeSaReport, RouteReport } from '@sluice/shared';
import type { Screen } from './screen.js';
import { spi } from './units.js';

export interface SiteReport {
  gateway: string;
  ikeSa: IkeSaReport;
  routes: RouteReport[];
}

export function showTunnel(screen: Screen, sites: readonly SiteReport[]): void {
  screen.heading('IKE_SA');
  screen.table([
    ['gateway', 'connection', 'state', 'role', 'local', 'remote', 'algorithms'],
    ...sites.map(({ gateway, ikeSa }) => [
      gateway,
      `${ikeSa.name} #${ikeSa.unique_id} IKEv${ikeSa.version}`,
      ikeSa.state,
      ikeSa.initiator ? 'initiator' : 'responder',
      `${ikeSa.local_id} at ${ikeSa.local_address}`,
      `${ikeSa.remote_id} at ${ikeSa.remote_address}`,
      ikeSa.algorithm,
    ]),
  ]);
  screen.heading('CHILD_SA');
  screen.table([
    ['gateway', 'name', 'state', 'SPI in', 'SPI out', 'protects', 'algorithm'],
    ...sites.flatMap(({ gateway, ikeSa }) =>
      ikeSa.children.map((child) => [
        gateway,
        `${child.name} #${child.unique_id}`,
        child.state,
        spi(child.spi_in),
        spi(child.spi_out),
        `${child.local_ts.join(' ')} ↔ ${child.remote_ts.join(' ')}`,
        `${child.algorithm}${child.encap ? ' in UDP' : ''}`,
      ]),
    ),
  ]);
  screen.heading('Routes');
  screen.table([
    ['gateway', 'prefix', 'kind', 'next hop', 'interface', 'action'],
    ...sites.flatMap(({ gateway, routes }) =>
      routes
        .filter(({ kind }) => kind === 'connected' || kind === 'static')
        .map((route) => [
          gateway,
          route.prefix,
          route.kind,
          route.next_hops.map((hop) => hop.address ?? '–').join(', ') || '–',
          route.next_hops.map((hop) => hop.interface ?? '–').join(', ') || '–',
          route.action,
        ]),
    ),
  ]);
}
