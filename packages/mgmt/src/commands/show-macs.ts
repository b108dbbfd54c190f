import { dataplaneContract, type MacReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count, duration } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<MacReport>('bridge', (row) => row.bridge),
  text<MacReport>('mac', (row) => row.mac),
  text<MacReport>('member', (row) => row.member),
  figure<MacReport>('heard', (row) => duration(row.age_s)),
  figure<MacReport>('moves', (row) => count(row.moves)),
];

export function showMacs(environment: Environment): Command {
  return showSubject(environment, {
    name: 'macs',
    summary: 'stations that bridges have learnt, the first 1,000',
    contract: dataplaneContract,
    request: 'show-macs',
    render: ({ macs, total }) => {
      const table = renderTable(columns, macs, 'No station has been heard.');
      return total > macs.length ? `${table}… ${count(macs.length)} of ${count(total)} stations\n` : table;
    },
  });
}
