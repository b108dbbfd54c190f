import assert from 'node:assert/strict';
import { type Dhcp6ClientLease, deviceConfigSchema } from '@sluice/shared';
import { dhcpPart } from '../src/split.js';
import { withLeases6 } from '../src/with-leases6.js';

const UNTIL = { preferred_until_ms: 1_000, valid_until_ms: 2_000 };
const LEASE: Dhcp6ClientLease = {
  interface: 'wan',
  server: '00020000',
  addresses: [{ address: '2001:db8:1::50', ...UNTIL }],
  prefix: { prefix: '2001:db8:f000::/60', ...UNTIL },
  withdrawn: [
    { prefix: '2001:db8:e000::/56', until_ms: 1_500 },
    { prefix: '2001:db8:d000::/64', until_ms: 1_500 },
  ],
  dns_servers: [],
  domain_search: [],
  obtained_ms: 0,
  expires_ms: 2_000,
};

function config(parts: object = {}) {
  return deviceConfigSchema.parse({
    schema: 1,
    interfaces: [
      {
        ...{ name: 'wan', device: 'p0' },
        dhcp6_client: {
          prefix_delegation: {
            assign: [
              { interface: 'lan', subnet: 3 },
              { interface: 'far', subnet: 200 },
            ],
          },
        },
      },
      { name: 'lan', device: 'p1', addresses: ['2001:db8:5::1/64'] },
      { name: 'far', device: 'p2' },
    ],
    router_advertisements: [{ interface: 'lan' }, { interface: 'far' }],
    ...parts,
  });
}

describe('a configuration with leases of DHCPv6', () => {
  const addresses = (lease: Dhcp6ClientLease, parts = {}) =>
    withLeases6(config(parts), [lease]).interfaces.map((entry) => entry.addresses);

  it('has the address, and subnets that the prefix has', () => {
    assert.deepEqual(addresses(LEASE), [
      ['2001:db8:1::50/128'],
      ['2001:db8:5::1/64', '2001:db8:f000:3::1/64'],
      [],
    ]);
    assert.deepEqual(addresses({ ...LEASE, interface: 'other' }), [[], ['2001:db8:5::1/64'], []]);
    assert.ok(deviceConfigSchema.safeParse(withLeases6(config(), [LEASE])).success);
  });

  it('has the address of an interface that asks no more, and nothing of its prefix, until it was given back', () => {
    const interfaces = [
      { name: 'wan', device: 'p0' },
      { name: 'lan', device: 'p1' },
      { name: 'far', device: 'p2' },
    ];
    const left = { interfaces, router_advertisements: [] };
    assert.deepEqual(addresses(LEASE, left), [['2001:db8:1::50/128'], [], []]);
    assert.deepEqual(withLeases6(config(left), [LEASE]).routes, []);
    const bridges = [{ name: 'br0', members: ['wan'] }];
    assert.deepEqual(addresses(LEASE, { ...left, bridges }), [[], [], []]);
  });

  it('refuses what is left of the prefix, unless it is one subnet or the configuration has a route', () => {
    const routes = (lease: Dhcp6ClientLease, parts = {}) => withLeases6(config(parts), [lease]).routes;
    const left = { prefix: '2001:db8:f000::/60', vrf: 'default', unreachable: true };
    assert.deepEqual(routes(LEASE), [left]);
    const own = config({ routes: [{ prefix: '2001:db8:f000::/60', blackhole: true }] }).routes;
    assert.deepEqual(routes(LEASE, { routes: own }), own);
    const whole = { ...LEASE, prefix: { prefix: '2001:db8:f000::/64', ...UNTIL } };
    const interfaces = [
      {
        ...{ name: 'wan', device: 'p0' },
        dhcp6_client: { prefix_delegation: { assign: [{ interface: 'lan' }] } },
      },
      { name: 'lan', device: 'p1', addresses: ['2001:db8:5::1/64'] },
    ];
    const parts = { interfaces, router_advertisements: [] };
    assert.deepEqual(routes(whole, parts), []);
    assert.deepEqual(addresses(whole, parts)[1], ['2001:db8:5::1/64', '2001:db8:f000::1/64']);
    assert.deepEqual(routes({ ...LEASE, prefix: null }), []);
  });

  it('advertises subnets with the ends of the prefix, and those of prefixes before as ended', () => {
    const given = withLeases6(config(), [LEASE]);
    const { advertisements, clients6 } = dhcpPart(given, 1, [LEASE]);
    const [lan, far] = advertisements;
    assert.deepEqual(
      lan!.section.prefixes?.map(({ prefix }) => prefix),
      ['2001:db8:5::/64'],
    );
    assert.deepEqual(lan!.delegated, [
      { prefix: '2001:db8:f000:3::/64', ...UNTIL },
      { prefix: '2001:db8:e000:3::/64', preferred_until_ms: 0, valid_until_ms: 0 },
    ]);
    assert.deepEqual(far!.delegated, [
      { prefix: '2001:db8:e000:c8::/64', preferred_until_ms: 0, valid_until_ms: 0 },
    ]);
    assert.deepEqual(
      clients6.map(({ interface: name, vrf }) => [name, vrf]),
      [['wan', 'default']],
    );
  });

  it('serves pools and reservations that are relative, of the subnet of the moment', () => {
    const given = withLeases6(
      config({
        dhcp6: {
          servers: [
            {
              interface: 'lan',
              pools: [{ range: '::100-::1ff' }, { range: '2001:db8:5::10' }],
              reservations: [
                { duid: '00030001aa', address: '::50' },
                { duid: '00030001bb', address: '2001:db8:5::50' },
              ],
            },
            {
              interface: 'far',
              pools: [{ range: '::5' }],
              reservations: [{ duid: '00030001aa', address: '::50' }],
            },
          ],
        },
      }),
      [LEASE],
    );
    const [lan, far] = dhcpPart(given, 1, [LEASE]).networks6;
    assert.deepEqual(
      lan!.server.pools.map(({ range }) => range),
      ['2001:db8:f000:3::100-2001:db8:f000:3::1ff', '2001:db8:5::10'],
    );
    assert.deepEqual(
      lan!.server.reservations.map(({ address }) => address),
      ['2001:db8:f000:3::50', '2001:db8:5::50'],
    );
    assert.deepEqual(lan!.delegated, [{ prefix: '2001:db8:f000:3::/64', ...UNTIL }]);
    assert.deepEqual([far!.server.pools, far!.server.reservations, far!.delegated], [[], [], []]);
  });
});
