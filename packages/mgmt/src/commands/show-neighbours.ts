import { dataplaneContract, type NeighbourReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { duration } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<NeighbourReport>('interface', (row) => row.interface),
  text<NeighbourReport>('address', (row) => row.address),
  text<NeighbourReport>('mac', (row) => row.mac),
  text<NeighbourReport>('state', (row) => row.state),
  text<NeighbourReport>('router', (row) => (row.router ? 'yes' : '')),
  figure<NeighbourReport>('age', (row) => duration(row.age_s)),
];

export function showNeighbours(environment: Environment): Command {
  return showSubject(environment, {
    name: 'neighbours',
    summary: 'hosts on connected networks, by ARP and IPv6 neighbour discovery',
    contract: dataplaneContract,
    request: 'show-neighbours',
    render: ({ neighbours }) => renderTable(columns, neighbours, 'There are no neighbours.'),
  });
}
