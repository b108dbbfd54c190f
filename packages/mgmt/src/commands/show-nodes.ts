import { dataplaneContract, type NodeReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { renderTable, text } from '../output/table.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<NodeReport>('name', (row) => row.name),
  text<NodeReport>('arc', (row) => row.arc),
  text<NodeReport>('interfaces', (row) => row.interfaces.join(', ')),
  text<NodeReport>('state', (row) => row.state),
  text<NodeReport>('file', (row) => row.file),
];

export function showNodes(environment: Environment): Command {
  return showSubject(environment, {
    name: 'nodes',
    summary: "users' own nodes, and the packet on which one failed",
    contract: dataplaneContract,
    request: 'show-nodes',
    render: ({ nodes }) =>
      renderTable(columns, nodes, "No nodes of users' own are loaded.") + nodes.map(renderFault).join(''),
  });
}

function renderFault({ name, fault }: NodeReport): string {
  if (fault === null) return '';
  return `\n${name} is off since ${new Date(fault.at_ms).toISOString()} (worker ${fault.worker}): ${fault.message}\n  on ${fault.summary}\n  ${fault.packet_hex}\n`;
}
