import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  interfaces: [
    { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24', '2001:db8:1::1/64', 'fe80::1/64'] },
    { name: 'wan', device: 'eth1', addresses: ['2001:db8::2/64'], ipv6: { accept_ra: true } },
    { name: 'old', device: 'eth2', addresses: ['10.2.0.1/24'] },
    { name: 'odd', device: 'eth3', addresses: ['2001:db8:3::1/80'] },
    { name: 'port', device: 'eth5' },
  ],
  bridges: [{ name: 'br', members: ['port'], addresses: ['2001:db8:5::1/64'] }],
  loopbacks: [{ name: 'lo1', addresses: ['2001:db8:6::1/128'] }],
};

function problems(...sections: object[]): string[] {
  const result = deviceConfigSchema.safeParse({ ...DEVICE, router_advertisements: sections });
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
}

describe('the router_advertisements section', () => {
  it('takes an interface by its name alone, and one with all that there is', () => {
    const all = {
      interface: 'br',
      router_lifetime_s: 0,
      preference: 'low',
      interval_s: 1800,
      managed: true,
      other_config: true,
      mtu: false,
      prefixes: [{ prefix: '2001:db8:5::/64', valid_lifetime_s: 0xffffffff }],
      routes: [{ to: '2001:db8:7::/48' }],
      dns_servers: ['2001:db8:5::1'],
      domain_search: ['shop.example'],
    };
    assert.deepEqual(problems({ interface: 'lan' }, all), []);
    // An interface without a prefix is no router of hosts, but may tell name servers.
    assert.deepEqual(problems({ interface: 'old', router_lifetime_s: 0 }), []);
  });

  it('says what is wrong, each in a sentence', () => {
    const prefix = (text: string, more: object = {}) => ({ prefixes: [{ prefix: text, ...more }] });
    const cases: [object[], RegExp][] = [
      [[{ interface: 'wlan' }], /0\.interface: there is no interface "wlan"/],
      [[{ interface: 'lo1' }], /"lo1" has no network of stations/],
      [[{ interface: 'port' }], /"port" is a member of bridge br: serve the bridge/],
      [[{ interface: 'lan' }, { interface: 'lan' }], /1\.interface: "lan" is advertised already/],
      [[{ interface: 'wan' }], /"wan" takes advertisements of other routers/],
      [[{ interface: 'old' }], /"old" has no IPv6 address, so it has no prefix to tell/],
      [[{ interface: 'odd' }], /hosts make no address of 2001:db8:3::\/80, which is not a \/64/],
      [
        [{ interface: 'lan', interval_s: 900, router_lifetime_s: 600 }],
        /router_lifetime_s: is shorter than interval_s, which is 900/,
      ],
      [[{ interface: 'lan', ...prefix('2001:db8:1::/80') }], /prefixes\.0\.prefix: is not a \/64/],
      [[{ interface: 'lan', ...prefix('2001:db8:8::/64') }], /is not that of an address of "lan"/],
      [[{ interface: 'lan', ...prefix('fe80::/64') }], /is link-local, which is never advertised/],
      [[{ interface: 'lan', ...prefix('2001:db8:1::1/64') }], /has bits set beyond its prefix length/],
      [
        [{ interface: 'lan', ...prefix('2001:db8:1::/64', { valid_lifetime_s: 5 }) }],
        /preferred_lifetime_s must not be longer than valid_lifetime_s/,
      ],
      [[{ interface: 'lan', interval_s: 3 }], /at least 4/],
      [[{ interface: 'lan', domain_search: ['a b'] }], /must be a domain name such as shop\.example/],
    ];
    for (const [sections, expected] of cases) assert.match(problems(...sections).join('\n'), expected);
  });
});
