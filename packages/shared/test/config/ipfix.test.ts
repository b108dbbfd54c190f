import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';

const DEVICE = {
  schema: 1,
  vrfs: [{ name: 'default' }, { name: 'ops' }],
  interfaces: [
    { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24'] },
    { name: 'p1', device: 'eth1' },
  ],
  bridges: [{ name: 'br', members: ['p1'] }],
  tunnels: [{ name: 'tun', if_id: 1 }],
};

function problems(ipfix: object): string[] {
  const result = deviceConfigSchema.safeParse({ ...DEVICE, ipfix });
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
}

describe('the IPFIX section', () => {
  it('meters nothing and exports nothing unless told', () => {
    const { ipfix } = deviceConfigSchema.parse(DEVICE);
    assert.deepEqual([ipfix.interfaces, ipfix.collectors], [[], []]);
  });

  it('takes interfaces of every kind, and collectors of both families', () => {
    assert.deepEqual(
      problems({
        interfaces: ['lan', 'br', 'tun'],
        collectors: [{ host: '192.0.2.9' }, { host: '2001:db8::9', port: 9995, vrf: 'ops' }],
        sampling: 100,
      }),
      [],
    );
  });

  it('says what is wrong, each in a sentence', () => {
    const cases: [object, RegExp][] = [
      [{ interfaces: ['wan'] }, /interfaces\.0: there is no interface "wan": use one of lan/],
      [{ interfaces: ['lan', 'lan'] }, /interfaces\.1: "lan" is listed twice/],
      [{ interfaces: ['p1'] }, /"p1" is a member of bridge br: its packets are metered on the bridge/],
      [{ collectors: [{ host: 'flows.example' }] }, /collectors\.0\.host: must be an IPv4 or IPv6 address/],
      [{ collectors: [{ host: 'fe80::1' }] }, /collectors\.0\.host: is a link-local address/],
      [{ collectors: [{ host: '192.0.2.9', vrf: 'blue' }] }, /collectors\.0\.vrf: there is no VRF "blue"/],
      [
        { collectors: [{ host: '2001:db8::9' }, { host: '2001:DB8:0::9' }] },
        /collectors\.1\.host: 2001:db8::9 port 4739 in VRF default is a collector already/,
      ],
      [{ idle_timeout_s: 0 }, /idle_timeout_s: at least 1 second/],
      [{ max_flows: 4 }, /max_flows: at least 16/],
    ];
    for (const [ipfix, expected] of cases) assert.match(problems(ipfix).join('\n'), expected);
  });
});
