import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  vrfs: [{ name: 'default' }, { name: 'guests' }],
  interfaces: [
    { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24', '2001:db8:1::1/64'] },
    { name: 'till', device: 'eth1', addresses: ['10.2.0.1/24'] },
    { name: 'guest', device: 'eth2', vrf: 'guests', addresses: ['10.3.0.1/24'] },
  ],
  loopbacks: [{ name: 'lo1', addresses: ['192.0.2.1/32'] }],
};

function problems(dns: object): string[] {
  const result = deviceConfigSchema.safeParse({ ...DEVICE, dns });
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
}

describe('the DNS section', () => {
  it('takes forwarders of several interfaces, and one of another VRF', () => {
    assert.deepEqual(
      problems({
        servers: ['192.0.2.53', '2001:db8::53'],
        forwarders: [
          {
            interfaces: ['lan', 'till'],
            domain: 'shop.example',
            hosts: [{ name: 'printer', addresses: ['10.1.0.9'] }],
            zones: [{ domain: '9.10.in-addr.arpa', servers: ['10.9.0.53'] }],
          },
          { interfaces: ['guest'], servers: ['192.0.2.54'], leases: false },
        ],
      }),
      [],
    );
  });

  it('says what is wrong, each in a sentence', () => {
    const cases: [object, RegExp][] = [
      [
        { forwarders: [{ interfaces: ['wlan'] }] },
        /forwarders\.0\.interfaces\.0: there is no interface "wlan"/,
      ],
      [{ forwarders: [{ interfaces: ['lo1'] }] }, /"lo1" has no network of stations/],
      [
        { forwarders: [{ interfaces: ['lan'] }, { interfaces: ['lan'] }] },
        /forwarders\.1\.interfaces\.0: "lan" has a forwarder already, dns\.forwarders\.0/,
      ],
      [{ forwarders: [{ interfaces: ['lan', 'guest'] }] }, /"guest" is in VRF guests, others in default/],
      [{ servers: ['10.1.0.1'] }, /servers\.0: is one of the box's own addresses/],
      [
        { forwarders: [{ interfaces: ['lan'], zones: [{ domain: 'a.example', servers: ['10.2.0.1'] }] }] },
        /zones\.0\.servers\.0: is one of the box's own addresses: it would ask itself/,
      ],
      [{ servers: ['dns.example'] }, /must be an IPv4 or IPv6 address/],
      [{ forwarders: [{ interfaces: ['lan'], domain: 'a b' }] }, /must be a domain name/],
    ];
    for (const [dns, expected] of cases) assert.match(problems(dns).join('\n'), expected);
  });
});
