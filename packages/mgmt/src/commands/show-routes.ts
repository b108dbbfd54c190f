import { dataplaneContract, type RouteReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { renderTable, text } from '../output/table.js';
import { count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<RouteReport>('vrf', (row) => row.vrf),
  text<RouteReport>('prefix', (row) => row.prefix),
  text<RouteReport>('kind', (row) => row.kind),
  text<RouteReport>('action', (row) => row.action),
  text<RouteReport>('next hop', nextHops),
  text<RouteReport>('interface', (row) => joined(row.next_hops.map((hop) => hop.interface))),
];

/** Of several, each with its weight, and what has no flows at present. */
function nextHops({ next_hops, vrf_lookup }: RouteReport): string | null {
  if (vrf_lookup !== null) return `VRF ${vrf_lookup}`;
  if (next_hops.length < 2) return next_hops[0]?.address ?? null;
  return joined(
    next_hops.map(({ address, weight, active }) => `${address ?? '-'} ×${weight}${active ? '' : ' (down)'}`),
  );
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.some((each) => each !== null) ? texts.map((each) => each ?? '-').join(', ') : null;
}

export function showRoutes(environment: Environment): Command {
  return showSubject(environment, {
    name: 'routes',
    summary: 'the forwarding tables, the first 1,000 routes',
    contract: dataplaneContract,
    request: 'show-routes',
    render: ({ routes, total }) => {
      const table = renderTable(columns, routes, 'There are no routes.');
      return total > routes.length ? `${table}… ${count(routes.length)} of ${count(total)} routes\n` : table;
    },
  });
}
