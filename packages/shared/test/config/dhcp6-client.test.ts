import assert from 'node:assert/strict';
import { deviceConfigSchema, formatIp6Prefix, parseIp6Prefix, subnetOf6 } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  vrfs: [{ name: 'default' }, { name: 'guests' }],
  interfaces: [
    { name: 'lan', device: 'eth0' },
    { name: 'guest', device: 'eth1', vrf: 'guests' },
    { name: 'port', device: 'eth2' },
  ],
  bridges: [{ name: 'br', members: ['port'] }],
  loopbacks: [{ name: 'lo1' }],
  router_advertisements: [{ interface: 'lan', router_lifetime_s: 0 }],
};

function problems(client: object, more: object = {}): string[] {
  const wan = { name: 'wan', device: 'eth9', dhcp6_client: client };
  const result = deviceConfigSchema.safeParse({
    ...DEVICE,
    interfaces: [wan, ...DEVICE.interfaces],
    ...more,
  });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const assigned = (...assign: object[]): object => ({ prefix_delegation: { length: 60, assign } });

describe('an interface that asks by DHCPv6', () => {
  it('may ask for an address, a prefix, or both, and gives subnets to interfaces and bridges', () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ address: false, prefix_delegation: {} }), []);
    const both = assigned({ interface: 'lan' }, { interface: 'br', subnet: 15 });
    assert.deepEqual(problems(both, { router_advertisements: [{ interface: 'lan' }] }), []);
  });

  it('says what is wrong, each in a sentence', () => {
    const cases: [object, object, RegExp][] = [
      [{ address: false }, {}, /^interfaces\.0\.dhcp6_client: asks for nothing: leave it out/],
      [{ prefix_delegation: { length: 65 } }, {}, /length: at most 64: hosts need a \/64/],
      [{}, { dhcp6: { servers: [{ interface: 'wan' }] } }, /"wan" is served by dhcp6\.servers itself/],
      [{}, { bridges: [{ name: 'br', members: ['wan'] }] }, /"wan" is a member of bridge br/],
      [assigned({ interface: 'wlan' }), {}, /assign\.0\.interface: there is no interface "wlan"/],
      [assigned({ interface: 'lo1' }), {}, /"lo1" has no network of stations/],
      [assigned({ interface: 'port' }), {}, /"port" is a member of bridge br/],
      [assigned({ interface: 'wan' }), {}, /"wan" is the one that asks: name one behind the box/],
      [assigned({ interface: 'guest' }), {}, /"guest" is of VRF guests, and "wan" of VRF default/],
      [assigned({ interface: 'lan', subnet: 16 }), {}, /a \/60 has subnets 0 to 15: choose one of these/],
      [
        assigned({ interface: 'lan' }, { interface: 'br' }),
        {},
        /assign\.1\.subnet: subnet 0 is given to another interface/,
      ],
      [
        assigned({ interface: 'lan' }, { interface: 'lan', subnet: 1 }),
        {},
        /assign\.1\.interface: "lan" has a subnet already, by interfaces\.0\.dhcp6_client/,
      ],
    ];
    for (const [client, more, expected] of cases) assert.match(problems(client, more).join('\n'), expected);
  });

  it('has subnets by their numbers, and none that the prefix does not have', () => {
    const subnet = (text: string, number: number) => {
      const found = subnetOf6(parseIp6Prefix(text)!, 64, number);
      return found === null ? null : formatIp6Prefix(found);
    };
    assert.equal(subnet('2001:db8:f000::/56', 0), '2001:db8:f000::/64');
    assert.equal(subnet('2001:db8:f000:ff00::/56', 255), '2001:db8:f000:ffff::/64');
    assert.equal(subnet('2001:db8:f000::/56', 256), null);
    assert.equal(subnet('2001:db8::/32', 0xffff_ffff), '2001:db8:ffff:ffff::/64');
    assert.equal(subnet('2001:db8:1:2::/64', 0), '2001:db8:1:2::/64');
    assert.equal(subnet('2001:db8:1:2::/64', 1), null);
    assert.equal(subnet('2001:db8:1:2::/65', 0), null);
  });
});
