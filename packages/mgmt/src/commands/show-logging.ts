import { managementContract, type SyslogServerReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<SyslogServerReport>('server', (row) => row.server),
  text<SyslogServerReport>('state', (row) => row.state),
  figure<SyslogServerReport>('sent', (row) => count(row.sent)),
  figure<SyslogServerReport>('queued', (row) => count(row.queued)),
  figure<SyslogServerReport>('lost', (row) => count(row.lost)),
  text<SyslogServerReport>('problem', (row) => row.problem),
];

export function showLogging(environment: Environment): Command {
  return showSubject(environment, {
    name: 'logging',
    summary: 'syslog servers that get the logs, and what became of them',
    contract: managementContract,
    request: 'show-logging',
    render: ({ servers }) => renderTable(columns, servers, 'No syslog server is configured.'),
  });
}
