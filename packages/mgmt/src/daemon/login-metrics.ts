// Connections that try to log in, as metrics.
import type { Strangers } from '../login/strangers.js';

type Samples = readonly [Record<string, string>, number][];

/** A service that people log in at, and those who have not yet. */
export interface LoginService {
  service: string;
  strangers: Strangers;
}

export interface LoginPage {
  counter(name: string, help: string, samples: Samples): void;
  gauge(name: string, help: string, samples: Samples): void;
}

export function addLogins(page: LoginPage, services: readonly LoginService[]): void {
  page.gauge(
    'sluice_login_waiting_connections',
    'Connections that have not logged in',
    services.map(({ service, strangers }) => [{ service }, strangers.size]),
  );
  page.counter(
    'sluice_login_closed_connections_total',
    'Connections that were closed before they had logged in, and why',
    services.flatMap(({ service, strangers }) =>
      Object.entries(strangers.closed).map(([reason, count]): [Record<string, string>, number] => [
        { service, reason },
        count,
      ]),
    ),
  );
}
