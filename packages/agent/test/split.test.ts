import assert from 'node:assert/strict';
import { deviceConfigSchema, dhcpStateSchema } from '@sluice/shared';
import { dhcpPart } from '../src/split.js';

describe("the DHCP server's part", () => {
  it('has of each network its VRF and IPv4 addresses, and of each such VRF the addresses of the box', () => {
    const config = deviceConfigSchema.parse({
      schema: 1,
      vrfs: [{ name: 'default' }, { name: 'guests' }, { name: 'idle' }],
      interfaces: [
        { name: 'wan', device: 'eth0', addresses: ['192.0.2.2/30', '2001:db8::2/64'] },
        { name: 'lan', device: 'eth1', addresses: ['10.1.0.1/24', 'fd00::1/64'] },
        { name: 'spare', device: 'eth2', vrf: 'idle', addresses: ['10.3.0.1/24'] },
      ],
      vlans: [{ name: 'wifi', parent: 'lan', vlan: 20, vrf: 'guests', addresses: ['10.2.0.1/24'] }],
      dhcp: { servers: [{ interface: 'lan' }, { interface: 'wifi' }, { subnet: '10.5.0.0/24' }] },
    });
    const part = dhcpPart(config, 7);
    assert.deepEqual(dhcpStateSchema.parse(part), part);
    assert.deepEqual(
      part.networks.map(({ vrf, addresses }) => [vrf, addresses]),
      [
        ['default', ['10.1.0.1/24']],
        ['guests', ['10.2.0.1/24']],
        ['default', []],
      ],
    );
    assert.deepEqual(part.vrfs, [
      { name: 'default', addresses: ['192.0.2.2', '10.1.0.1'] },
      { name: 'guests', addresses: ['10.2.0.1'] },
    ]);
    assert.equal(part.revision, 7);
  });

  it('names the members of a bridge, also for a VLAN on it', () => {
    const config = deviceConfigSchema.parse({
      schema: 1,
      interfaces: [
        { name: 'p1', device: 'eth1' },
        { name: 'p2', device: 'eth2' },
        { name: 'wan', device: 'eth0', addresses: ['192.0.2.2/24'] },
      ],
      bridges: [{ name: 'lan', members: ['p1', 'p2'], addresses: ['10.1.0.1/24'] }],
      vlans: [{ name: 'wifi', parent: 'lan', vlan: 20, addresses: ['10.2.0.1/24'] }],
      dhcp: { servers: [{ interface: 'lan' }, { interface: 'wifi' }, { interface: 'wan' }] },
    });
    assert.deepEqual(
      dhcpPart(config, 7).networks.map(({ members }) => members),
      [['p1', 'p2'], ['p1', 'p2'], []],
    );
  });
});
