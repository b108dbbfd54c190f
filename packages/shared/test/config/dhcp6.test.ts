import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  vrfs: [{ name: 'default' }, { name: 'guests' }],
  interfaces: [
    { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24', '2001:db8:1::1/64'] },
    { name: 'old', device: 'eth1', addresses: ['10.2.0.1/24'] },
    { name: 'port', device: 'eth2' },
  ],
  bridges: [{ name: 'br', members: ['port'], vrf: 'guests', addresses: ['2001:db8:1::1/64'] }],
  loopbacks: [{ name: 'lo1', addresses: ['2001:db8:6::1/128'] }],
};
const POOL = { range: '2001:db8:1::100-2001:db8:1::1ff' };
const DUID = '00:03:00:01:02:00:00:00:00:01';

function problems(...servers: object[]): string[] {
  const result = deviceConfigSchema.safeParse({ ...DEVICE, dhcp6: { servers } });
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
}

describe('the DHCPv6 section', () => {
  it('takes an interface, a bridge in another VRF, one without prefixes for options alone, a network behind relays', () => {
    const delegation = [{ prefix: '2001:db8:f000::/40', length: 56 }];
    assert.deepEqual(
      problems(
        {
          interface: 'lan',
          pools: [POOL],
          delegation,
          reservations: [{ duid: DUID, prefix: '2001:db8:e::/48' }],
        },
        { interface: 'br', pools: [POOL] },
        { interface: 'old', options: { dns_servers: ['2001:db8::53'] } },
        { subnet: '2001:db8:5::/64', relays: ['2001:db8:9::1'], pools: [{ range: '2001:db8:5::7' }] },
      ),
      [],
    );
  });

  it('says what is wrong, each in a sentence', () => {
    const lan = (more: object) => [{ interface: 'lan', ...more }];
    const reserved = (...reservations: object[]) => lan({ reservations });
    const cases: [object[], RegExp][] = [
      [[{ pools: [POOL] }], /needs interface or subnet, and not both/],
      [[{ interface: 'wlan' }], /0\.interface: there is no interface "wlan"/],
      [[{ interface: 'lo1' }], /"lo1" has no network of stations/],
      [[{ interface: 'port' }], /"port" is a member of bridge br/],
      [[{ subnet: '2001:db8:5::/64', vrf: 'red' }], /0\.vrf: there is no VRF "red"/],
      [[{ interface: 'lan' }, { interface: 'lan' }], /1\.interface: "lan" has a server already/],
      [
        [{ interface: 'lan' }, { subnet: '2001:db8:1::/48' }],
        /1\.subnet: its network overlaps with that of dhcp6\.servers\.0/,
      ],
      [[{ interface: 'old', pools: [POOL] }], /"old" has no IPv6 prefix to give addresses of/],
      [lan({ pools: [{ range: '2001:db8:1::9-2001:db8:1::1' }] }), /must be an IPv6 address or a range/],
      [lan({ pools: [{ range: '2001:db8:2::1' }] }), /is not inside a prefix of the network that is served/],
      [lan({ pools: [POOL, POOL] }), /pools\.1\.range: overlaps with dhcp6\.servers\.0\.pools\.0\.range/],
      [lan({ delegation: [{ prefix: '2001:db8::/32', length: 56 }] }), /has 2001:db8:1::\/64 of "lan" in it/],
      [
        lan({ delegation: [{ prefix: '2001:db8:f::/48', length: 40 }] }),
        /length must be at least that of the prefix/,
      ],
      [lan({ delegation: [{ prefix: '2001:db8:f::/48', length: 96 }] }), /more than 2\^32 prefixes/],
      [lan({ valid_lifetime_s: 100, preferred_lifetime_s: 200 }), /must not be longer than valid_lifetime_s/],
      [reserved({ duid: DUID }), /needs an address, a prefix, or both/],
      [reserved({ duid: '00', address: '2001:db8:1::5' }), /must be a DUID of 3 to 130 octets/],
      [
        reserved({ duid: DUID, address: '2001:db8:2::5' }),
        /is not in a prefix of the network that is served/,
      ],
      [
        reserved({ duid: DUID, address: '2001:db8:1::5' }, { duid: DUID, address: '2001:db8:1::6' }),
        /this client has a reservation already, reservations\.0/,
      ],
      [
        reserved({ duid: DUID, address: '2001:db8:1::5' }, { duid: `${DUID}:02`, address: '2001:db8:1::5' }),
        /address: is reserved already, by reservations\.0/,
      ],
    ];
    for (const [servers, expected] of cases) assert.match(problems(...servers).join('\n'), expected);
  });

  it('takes pools and reservations of the subnet that an interface has of a delegated prefix, and of no other', () => {
    const pools = [{ range: '::100-::1ff' }];
    const reservations = [{ duid: DUID, address: '::50' }];
    const [lan, ...others] = DEVICE.interfaces;
    const wan = {
      ...{ name: 'wan', device: 'eth9' },
      dhcp6_client: {
        prefix_delegation: { assign: [{ interface: 'lan' }, { interface: 'old', subnet: 1 }] },
      },
    };
    const result = deviceConfigSchema.safeParse({
      ...DEVICE,
      interfaces: [lan, ...others, wan],
      dhcp6: {
        servers: [
          { interface: 'lan', pools: [...pools, POOL], reservations },
          { interface: 'old', pools },
        ],
      },
    });
    assert.equal(result.error, undefined);
    const sentence =
      /is of a delegated prefix, and "lan" has no subnet of one: name it under prefix_delegation/;
    assert.match(problems({ interface: 'lan', pools }).join(), sentence);
    assert.match(problems({ interface: 'lan', reservations }).join(), sentence);
    assert.match(problems({ subnet: '2001:db8:5::/64', pools }).join(), /and 2001:db8:5::\/64 has no subnet/);
  });
});
