import { agentContract, type RevisionReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { showSubject } from './show-subject.js';

const columns = [
  figure<RevisionReport>('revision', (row) => String(row.revision)),
  text<RevisionReport>('at', (row) => row.at.replace('T', ' ').replace(/\.\d+Z$/, 'Z')),
  text<RevisionReport>('by', (row) => row.by),
  text<RevisionReport>('comment', (row) => row.comment),
];

export function showHistory(environment: Environment): Command {
  return showSubject(environment, {
    name: 'history',
    summary: 'the revisions of the configuration that are kept; the first is in force',
    contract: agentContract,
    request: 'history',
    render: ({ revisions }) => renderTable(columns, revisions, 'No revision is kept yet.'),
  });
}
