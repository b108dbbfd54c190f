import { dataplaneContract, type ErrorCounter } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  figure<ErrorCounter>('count', (row) => count(row.count)),
  text<ErrorCounter>('severity', (row) => row.severity),
  text<ErrorCounter>('node', (row) => row.node),
  text<ErrorCounter>('reason', (row) => row.reason),
  text<ErrorCounter>('dropped', (row) => (row.drop ? 'yes' : 'no')),
  text<ErrorCounter>('meaning', (row) => row.help),
];

export function showErrors(environment: Environment): Command {
  return showSubject(environment, {
    name: 'errors',
    summary: 'drops and other events that nodes count, each with its reason',
    contract: dataplaneContract,
    request: 'show-errors',
    // What has never happened is in --json.
    render: ({ errors }) =>
      renderTable(
        columns,
        errors.filter((error) => error.count > 0),
        'Nothing was counted.',
      ),
  });
}
