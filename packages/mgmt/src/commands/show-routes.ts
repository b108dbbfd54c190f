import { dataplaneContract, type RouteReport } from '@sluice/shared';
import type { Command } from 'commander';
import { renderTable, text } from '../output/table.js';
import { count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<RouteReport>('vrf', (row) => row.vrf),
  text<RouteReport>('prefix', (row) => row.prefix),
  text<RouteReport>('kind', (row) => row.kind),
  text<RouteReport>('action', (row) => row.action),
  text<RouteReport>('next hop', (row) => row.next_hop),
  text<RouteReport>('interface', (row) => row.interface),
];

export function showRoutes(): Command {
  return showSubject({
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
