import { agentContract, type ProcessConvergence } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { renderWarnings } from './changes.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<ProcessConvergence>('process', (row) => row.process),
  text<ProcessConvergence>('reachable', (row) => (row.reachable ? 'yes' : 'no')),
  figure<ProcessConvergence>('revision', (row) => (row.revision === null ? '-' : String(row.revision))),
  text<ProcessConvergence>('converged', (row) => (row.converged ? 'yes' : 'no')),
  text<ProcessConvergence>('problems', (row) => row.problems.join('; ') || null),
];

export function showAgent(environment: Environment): Command {
  return showSubject(environment, {
    name: 'agent',
    summary: 'the configuration in force, and how far each process has come with it',
    contract: agentContract,
    request: 'status',
    render: ({ hostname, revision, converged, processes, warnings }) => {
      const state = converged ? 'converged' : 'not converged';
      const heading = `${hostname ?? 'no configuration'}: revision ${revision}, ${state}\n\n`;
      const table = renderTable(columns, processes, 'There are no processes.');
      return heading + table + (warnings.length > 0 ? `\n${renderWarnings(warnings)}` : '');
    },
  });
}
