import { type BridgeReport, dataplaneContract } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count, duration } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<BridgeReport>('bridge', (row) => row.name),
  text<BridgeReport>('state', (row) => row.state),
  text<BridgeReport>('mac', (row) => row.mac),
  text<BridgeReport>('members', (row) =>
    row.members.map(({ name, state, macs }) => `${name} (${state}, ${count(macs)})`).join(' '),
  ),
  figure<BridgeReport>('stations', (row) => count(row.macs)),
  figure<BridgeReport>('at most', (row) => count(row.mac_limit)),
  figure<BridgeReport>('ageing', (row) => duration(row.ageing_s)),
];

export function showBridges(environment: Environment): Command {
  return showSubject(environment, {
    name: 'bridges',
    summary: 'bridges: members with their state, and how many stations are behind them',
    contract: dataplaneContract,
    request: 'show-bridges',
    render: ({ bridges }) => renderTable(columns, bridges, 'There are no bridges.'),
  });
}
