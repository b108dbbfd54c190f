import { dataplaneContract, type InterfaceReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { bytes, count } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<InterfaceReport>('interface', (row) => row.name),
  text<InterfaceReport>('state', (row) => row.state),
  text<InterfaceReport>('vrf', (row) => row.vrf),
  text<InterfaceReport>('on', liesOn),
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

/** The device, or what else carries it. */
function liesOn(row: InterfaceReport): string {
  const bridge = row.bridge === null ? '' : `, member of ${row.bridge}`;
  if (row.device !== null) return `${row.device} (${row.driver})${bridge}`;
  if (row.kind === 'vlan') {
    const tags = row.inner_vlan === null ? `${row.vlan}` : `${row.vlan}.${row.inner_vlan}`;
    return `${row.parent} VLAN ${tags}${bridge}`;
  }
  return row.members === null ? row.kind : `bridge of ${row.members.join(' ') || 'nothing'}`;
}

export function showInterfaces(environment: Environment): Command {
  return showSubject(environment, {
    name: 'interfaces',
    summary: 'interfaces and tunnels, with their counters',
    contract: dataplaneContract,
    request: 'show-interfaces',
    render: ({ interfaces }) => renderTable(columns, interfaces, 'There are no interfaces.'),
  });
}
