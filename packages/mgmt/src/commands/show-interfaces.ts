import { dataplaneContract, type InterfaceReport } from '@sluice/shared';
import type { Command } from 'commander';
import { figure, renderTable, text } from '../output/table.js';
import { bytes, count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<InterfaceReport>('interface', (row) => row.name),
  text<InterfaceReport>('state', (row) => row.state),
  text<InterfaceReport>('vrf', (row) => row.vrf),
  text<InterfaceReport>('on', (row) => (row.device === null ? row.kind : `${row.device} (${row.driver})`)),
  figure<InterfaceReport>('mtu', (row) => String(row.mtu)),
  text<InterfaceReport>('address', (row) => row.addresses.join(' ') || null),
  figure<InterfaceReport>('rx packets', (row) => count(row.rx_packets)),
  figure<InterfaceReport>('rx', (row) => bytes(row.rx_bytes)),
  figure<InterfaceReport>('tx packets', (row) => count(row.tx_packets)),
  figure<InterfaceReport>('tx', (row) => bytes(row.tx_bytes)),
  figure<InterfaceReport>('drops', (row) => count(row.drops)),
  figure<InterfaceReport>('punted', (row) => count(row.punted)),
  figure<InterfaceReport>('injected', (row) => count(row.injected)),
];

export function showInterfaces(): Command {
  return showSubject({
    name: 'interfaces',
    summary: 'interfaces and tunnels, with their counters',
    contract: dataplaneContract,
    request: 'show-interfaces',
    render: ({ interfaces }) => renderTable(columns, interfaces, 'There are no interfaces.'),
  });
}
