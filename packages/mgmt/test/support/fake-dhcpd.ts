// A DHCP server that answers with fixed figures over real sockets.
import { type ActorServer, type DhcpLease, dhcpdContract, serve } from '@sluice/shared';
import { SILENT, unused } from './fake-process.js';

const LEASE: DhcpLease = {
  vrf: 'default',
  address: '10.1.0.10',
  state: 'bound',
  mac: '02:00:00:00:0a:01',
  client_id: null,
  host_name: 'till-1',
  vendor_class: null,
  network: 'lan',
  circuit_id: null,
  remote_id: null,
  member: null,
  reserved: true,
  started_ms: 0,
  expires_ms: null,
};

const LIFETIMES = {
  preferred_until_ms: Date.UTC(2026, 0, 2, 3, 34, 5),
  valid_until_ms: Date.UTC(2026, 0, 2, 4, 4, 5),
};

export async function fakeDhcpd(runDir: string): Promise<ActorServer<typeof dhcpdContract>> {
  const status = () => ({ instance: server.instance, revision: 3, converged: true, problems: [] });
  const server: ActorServer<typeof dhcpdContract> = await serve(dhcpdContract, {
    runDir,
    log: SILENT,
    handlers: {
      apply: unused,
      status,
      'show-leases': () => ({ leases: [LEASE], total: 2_500 }),
      'show-dhcp': () => ({
        networks: [
          {
            network: 'lan',
            vrf: 'default',
            subnets: ['10.1.0.0/24'],
            state: 'up',
            addresses: 3_000,
            bound: 2_500,
            declined: 1,
            other_servers: ['10.1.0.66 (02:00:00:00:00:66)'],
          },
        ],
        clients: [
          {
            interface: 'wan',
            vrf: 'default',
            state: 'bound',
            lease: {
              interface: 'wan',
              address: '198.51.100.7/24',
              server: '198.51.100.1',
              routers: ['198.51.100.1'],
              routes: [],
              dns_servers: ['198.51.100.53'],
              domain: 'isp.example',
              mtu: null,
              obtained_ms: Date.UTC(2026, 0, 2, 3, 4, 5),
              expires_ms: Date.UTC(2026, 0, 2, 4, 4, 5),
            },
          },
          { interface: 'backup', vrf: 'default', state: 'asking', lease: null },
        ],
        clients6: [
          {
            interface: 'wan',
            vrf: 'default',
            state: 'bound',
            lease: {
              interface: 'wan',
              server: '0002000009bf0102',
              addresses: [{ address: '2001:db8:1::50', ...LIFETIMES }],
              prefix: { prefix: '2001:db8:f000::/56', ...LIFETIMES },
              withdrawn: [{ prefix: '2001:db8:e000::/56', until_ms: LIFETIMES.valid_until_ms }],
              dns_servers: ['2001:db8:99::53'],
              domain_search: ['isp.example'],
              obtained_ms: Date.UTC(2026, 0, 2, 3, 4, 5),
              expires_ms: LIFETIMES.valid_until_ms,
            },
          },
        ],
        counters: [
          { name: 'ack', drop: false, help: 'ACK sent', count: 12_345 },
          { name: 'nak', drop: false, help: 'NAK sent', count: 0 },
          { name: 'malformed', drop: true, help: 'not a message of DHCP', count: 1 },
        ],
      }),
      'clear-lease': ({ address }) => ({ cleared: address === LEASE.address }),
    },
    snapshots: { status, leases: () => ({ leases: [] }), 'client-leases': () => ({ leases: [] }) },
  });
  return server;
}
