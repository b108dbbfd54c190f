import {
  type Dhcp6ClientReport,
  type DhcpClientReport,
  type DhcpCounter,
  type DhcpNetworkReport,
  dhcpdContract,
} from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count, duration } from '../output/units.js';
import { showSubject } from './show-subject.js';

const networks = [
  text<DhcpNetworkReport>('network', (row) => row.network),
  text<DhcpNetworkReport>('vrf', (row) => row.vrf),
  text<DhcpNetworkReport>('subnets', (row) => row.subnets.join(', ')),
  text<DhcpNetworkReport>('state', (row) => row.state),
  figure<DhcpNetworkReport>('addresses', (row) => count(row.addresses)),
  figure<DhcpNetworkReport>('bound', (row) => count(row.bound)),
  figure<DhcpNetworkReport>('declined', (row) => count(row.declined)),
  text<DhcpNetworkReport>('other servers', (row) => row.other_servers.join(', ') || null),
];

const clients = [
  text<DhcpClientReport>('interface', (row) => row.interface),
  text<DhcpClientReport>('vrf', (row) => row.vrf),
  text<DhcpClientReport>('state', (row) => row.state),
  text<DhcpClientReport>('address', (row) => row.lease?.address ?? null),
  text<DhcpClientReport>('server', (row) => row.lease?.server ?? null),
  text<DhcpClientReport>('routers', (row) => row.lease?.routers.join(', ') || null),
  text<DhcpClientReport>('name servers', (row) => row.lease?.dns_servers.join(', ') || null),
  figure<DhcpClientReport>('ends in', ({ lease }) =>
    lease === null ? '' : duration((lease.expires_ms - Date.now()) / 1000),
  ),
];

const clients6 = [
  text<Dhcp6ClientReport>('interface', (row) => row.interface),
  text<Dhcp6ClientReport>('vrf', (row) => row.vrf),
  text<Dhcp6ClientReport>('state', (row) => row.state),
  text<Dhcp6ClientReport>(
    'addresses',
    ({ lease }) => lease?.addresses.map(({ address }) => address).join(', ') || null,
  ),
  text<Dhcp6ClientReport>('prefix', (row) => row.lease?.prefix?.prefix ?? null),
  text<Dhcp6ClientReport>(
    'withdrawn',
    ({ lease }) => lease?.withdrawn.map(({ prefix }) => prefix).join(', ') || null,
  ),
  text<Dhcp6ClientReport>('name servers', (row) => row.lease?.dns_servers.join(', ') || null),
  figure<Dhcp6ClientReport>('ends in', ({ lease }) =>
    lease === null ? '' : duration((lease.expires_ms - Date.now()) / 1000),
  ),
];

const counters = [
  figure<DhcpCounter>('count', (row) => count(row.count)),
  text<DhcpCounter>('name', (row) => row.name),
  text<DhcpCounter>('dropped', (row) => (row.drop ? 'yes' : 'no')),
  text<DhcpCounter>('meaning', (row) => row.help),
];

export function showDhcp(environment: Environment): Command {
  return showSubject(environment, {
    name: 'dhcp',
    summary: 'networks that are served by DHCP, interfaces that ask by it, and what came of messages',
    contract: dhcpdContract,
    request: 'show-dhcp',
    render: (reply) => {
      const moved = reply.counters.filter((row) => row.count > 0);
      const tables = [
        renderTable(networks, reply.networks, 'No network is served.'),
        ...(reply.clients.length === 0 ? [] : [renderTable(clients, reply.clients, '')]),
        ...(reply.clients6.length === 0 ? [] : [renderTable(clients6, reply.clients6, '')]),
        renderTable(counters, moved, 'No message has come.'),
      ];
      return tables.join('\n');
    },
  });
}
