import { type DhcpLease, dhcpdContract } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count, duration } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<DhcpLease>('vrf', (row) => row.vrf),
  text<DhcpLease>('network', (row) => row.network),
  text<DhcpLease>('address', (row) => row.address),
  text<DhcpLease>('state', (row) => (row.reserved && row.state === 'bound' ? 'bound, reserved' : row.state)),
  text<DhcpLease>('mac', (row) => row.mac),
  text<DhcpLease>('host name', (row) => row.host_name),
  figure<DhcpLease>('ends in', ({ expires_ms: at }) =>
    at === null ? 'never' : duration((at - Date.now()) / 1000),
  ),
];

export function showLeases(environment: Environment): Command {
  return showSubject(environment, {
    name: 'leases',
    summary: 'addresses that DHCP clients have, the first 1,000',
    contract: dhcpdContract,
    request: 'show-leases',
    render: ({ leases, total }) => {
      const table = renderTable(columns, leases, 'No client has an address.');
      return total > leases.length ? `${table}… ${count(leases.length)} of ${count(total)} leases\n` : table;
    },
  });
}
