import assert from 'node:assert/strict';
import { type DhcpClientLease, deviceConfigSchema } from '@sluice/shared';
import { withLeases } from '../src/with-leases.js';

const LEASE: DhcpClientLease = {
  interface: 'wan',
  address: '198.51.100.7/24',
  server: '198.51.100.1',
  routers: ['198.51.100.1', '198.51.100.2'],
  routes: [],
  dns_servers: [],
  domain: null,
  mtu: null,
  obtained_ms: 0,
  expires_ms: 1,
};

function config(parts: object = {}) {
  return deviceConfigSchema.parse({
    schema: 1,
    interfaces: [
      { name: 'wan', device: 'p0', dhcp_client: {} },
      { name: 'backup', device: 'p1', dhcp_client: {} },
      { name: 'lan', device: 'p2', addresses: ['10.1.0.1/24'] },
    ],
    ...parts,
  });
}

const by = (prefix: string, address: string, name: string) => ({
  prefix,
  vrf: 'default',
  next_hops: [{ address, interface: name, weight: 1 }],
});

describe('a configuration with leases', () => {
  it('has their addresses and the first router of each', () => {
    const { interfaces, routes } = withLeases(config(), [LEASE]);
    assert.deepEqual(
      interfaces.map(({ addresses }) => addresses),
      [['198.51.100.7/24'], [], ['10.1.0.1/24']],
    );
    assert.deepEqual(routes, [by('0.0.0.0/0', '198.51.100.1', 'wan')]);
  });

  it('is what the schema allows', () => {
    const routes = [{ prefix: '192.0.2.0/25', next_hop: null }];
    assert.ok(deviceConfigSchema.safeParse(withLeases(config(), [{ ...LEASE, routes }])).success);
  });

  it('has the address of an interface that asks no more, and nothing else, until it was given back', () => {
    const left = { ...LEASE, interface: 'lan', mtu: 1400 };
    const { interfaces, routes } = withLeases(config(), [left]);
    assert.deepEqual(interfaces[2], {
      ...config().interfaces[2],
      addresses: ['10.1.0.1/24', '198.51.100.7/24'],
    });
    assert.deepEqual(routes, []);
  });

  it('stays what it is where an interface is gone, or is a member of a bridge now', () => {
    assert.deepEqual(withLeases(config(), [{ ...LEASE, interface: 'gone' }]), config());
    const interfaces = [{ name: 'wan', device: 'p0' }];
    const bridged = config({ interfaces, bridges: [{ name: 'br0', members: ['wan'] }] });
    assert.deepEqual(withLeases(bridged, [LEASE]), bridged);
  });

  it('takes classless routes in place of routers, and no default route where none is wanted', () => {
    const routes = [
      { prefix: '0.0.0.0/0', next_hop: '198.51.100.9' },
      { prefix: '192.0.2.0/25', next_hop: null },
    ];
    const lease = { ...LEASE, routes };
    const onLink = { prefix: '192.0.2.0/25', vrf: 'default', interface: 'wan' };
    assert.deepEqual(withLeases(config(), [lease]).routes, [by('0.0.0.0/0', '198.51.100.9', 'wan'), onLink]);
    const interfaces = [{ name: 'wan', device: 'p0', dhcp_client: { default_route: false } }];
    assert.deepEqual(withLeases(config({ interfaces }), [lease]).routes, [onLink]);
    assert.deepEqual(withLeases(config({ interfaces }), [LEASE]).routes, []);
  });

  it('lets routes of the configuration go first, and then the first interface', () => {
    const second = { ...LEASE, interface: 'backup', address: '203.0.113.9/24', routers: ['203.0.113.1'] };
    assert.deepEqual(withLeases(config(), [second, LEASE]).routes, [by('0.0.0.0/0', '198.51.100.1', 'wan')]);
    assert.deepEqual(withLeases(config(), [second]).routes, [by('0.0.0.0/0', '203.0.113.1', 'backup')]);
    const own = config({ routes: [{ prefix: '0.0.0.0/0', next_hop: '10.1.0.254' }] });
    assert.deepEqual(withLeases(own, [LEASE]).routes, own.routes);
  });

  it('makes an MTU smaller, never larger', () => {
    const mtuBy = (mtu: number) => withLeases(config(), [{ ...LEASE, mtu }]).interfaces[0]!.mtu;
    assert.deepEqual([mtuBy(1400), mtuBy(9000)], [1400, 1500]);
  });
});
