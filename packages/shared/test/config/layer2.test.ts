import assert from 'node:assert/strict';
import {
  configuredMtu,
  type DeviceConfig,
  deviceConfigSchema,
  interfaceList,
  isServiceTagged,
  linkMtus,
} from '../../src/index.js';

interface Port {
  name: string;
  device: string;
  mtu?: number;
  addresses?: string[];
}

function parts() {
  return {
    schema: 1,
    vrfs: [{ name: 'default' }, { name: 'guests' }],
    interfaces: [
      { name: 'wan', device: 'eth0', addresses: ['198.51.100.2/30'] },
      { name: 'p1', device: 'eth1' },
      { name: 'p2', device: 'eth2', mtu: 1400 },
    ] as Port[],
    vlans: [
      { name: 'wan7', parent: 'wan', vlan: 7, addresses: ['198.51.100.9/30'] },
      { name: 'wan7i', parent: 'wan', vlan: 7, inner_vlan: 20, mtu: 1300 },
      { name: 'p2v9', parent: 'p2', vlan: 9 },
      { name: 'lan6', parent: 'lan', vlan: 6, vrf: 'guests', addresses: ['10.6.0.1/24'] },
    ] as Record<string, unknown>[],
    bridges: [{ name: 'lan', members: ['p1', 'p2v9'], addresses: ['10.1.0.1/24'] }] as Record<
      string,
      unknown
    >[],
    loopbacks: [{ name: 'loop', addresses: ['10.255.0.1/32'] }] as Record<string, unknown>[],
    tunnels: [{ name: 'tun' }],
    routes: [] as Record<string, unknown>[],
    nodes: [] as Record<string, unknown>[],
    ike: {
      connections: [
        {
          name: 'hq',
          local: { address: '10.255.0.1' },
          remote: { address: '203.0.113.2' },
          psk: { file: '/etc/sluice/hq.psk' },
          children: [{ name: 'net', tunnel: 'tun' }],
        },
      ] as Record<string, unknown>[],
    },
  };
}

type Parts = ReturnType<typeof parts>;

function parsed(change: (config: Parts) => void = () => undefined): DeviceConfig {
  const config = parts();
  change(config);
  return deviceConfigSchema.parse(config);
}

describe('VLANs, bridges and loopbacks in a configuration', () => {
  it('are passed: routes, nodes and IKE may name them', () => {
    const config = parsed(({ routes, nodes }) => {
      routes.push({ prefix: '10.7.0.0/16', next_hop: '198.51.100.10' });
      routes.push({ prefix: '10.8.0.0/16', vrf: 'guests', next_hop: '10.6.0.9' });
      routes.push({
        prefix: '10.9.0.0/16',
        next_hops: [{ interface: 'lan', address: '10.1.0.8' }, { address: '10.1.0.9' }],
      });
      nodes.push({ file: '/etc/n.ts', interfaces: ['wan7', 'lan', 'loop'] });
    });
    assert.deepEqual(
      interfaceList(config).map(({ section, index, name }) => `${section}.${index} ${name}`),
      [
        'interfaces.0 wan',
        'interfaces.1 p1',
        'interfaces.2 p2',
        'tunnels.0 tun',
        'vlans.0 wan7',
        'vlans.1 wan7i',
        'vlans.2 p2v9',
        'vlans.3 lan6',
        'bridges.0 lan',
        'loopbacks.0 loop',
      ],
    );
    assert.equal(config.bridges[0]!.ageing_s, 300);
    assert.equal(config.bridges[0]!.mac_limit, 8192);
  });

  it('derive their MTU from what they lie on', () => {
    const config = parsed();
    const mtus = ['wan7', 'wan7i', 'p2v9', 'lan', 'lan6', 'nobody'].map((name) =>
      configuredMtu(config, name),
    );
    assert.deepEqual(mtus, [1500, 1300, 1400, 1400, 1400, undefined]);
    assert.deepEqual(linkMtus(config, 'default'), [1500, 1400, 1500, 1300, 1400]);
    assert.deepEqual(linkMtus(config, 'guests'), [1400]);
  });

  it('have an S-TAG outside when there are two tags, unless said otherwise', () => {
    assert.equal(isServiceTagged({ inner_vlan: undefined, outer_tag: undefined }), false);
    assert.equal(isServiceTagged({ inner_vlan: 5, outer_tag: undefined }), true);
    assert.equal(isServiceTagged({ inner_vlan: 5, outer_tag: '802.1q' }), false);
    assert.equal(isServiceTagged({ inner_vlan: undefined, outer_tag: '802.1ad' }), true);
  });

  const cases: [string, (config: Parts) => void, string, string | RegExp][] = [
    ['VID 0', (c) => Object.assign(c.vlans[0]!, { vlan: 0 }), 'vlans.0.vlan', 'at least 1: 0 is no VLAN'],
    [
      'VID 4095',
      (c) => Object.assign(c.vlans[0]!, { vlan: 4095 }),
      'vlans.0.vlan',
      'at most 4094 (IEEE 802.1Q)',
    ],
    [
      'a parent that is not there',
      (c) => Object.assign(c.vlans[0]!, { parent: 'wan2' }),
      'vlans.0.parent',
      'there is no interface or bridge "wan2": use one of wan, p1, p2, lan',
    ],
    [
      'a VLAN on a VLAN',
      (c) => Object.assign(c.vlans[1]!, { parent: 'wan7' }),
      'vlans.1.parent',
      '"wan7" is a VLAN itself: name its parent, and give the second tag as inner_vlan',
    ],
    [
      'one VLAN twice',
      (c) => c.vlans.push({ name: 'again', parent: 'wan', vlan: 7 }),
      'vlans.4.vlan',
      'VLAN 7 of wan is already "wan7": choose another',
    ],
    [
      'one pair of tags twice',
      (c) => c.vlans.push({ name: 'again', parent: 'wan', vlan: 7, inner_vlan: 20, outer_tag: '802.1ad' }),
      'vlans.4.vlan',
      'VLAN 7.20 (802.1ad) of wan is already "wan7i": choose another',
    ],
    [
      "an MTU larger than the parent's",
      (c) => Object.assign(c.vlans[2]!, { mtu: 1500 }),
      'vlans.2.mtu',
      'is larger than the MTU of p2, 1400: at most that',
    ],
    [
      "a VLAN with an interface's name",
      (c) => Object.assign(c.vlans[0]!, { name: 'p1' }),
      'vlans.0.name',
      '"p1" is already the name of interfaces.1: choose another',
    ],
    [
      'one address twice',
      (c) => Object.assign(c.loopbacks[0]!, { addresses: ['10.255.0.1/32', '10.1.0.1/32'] }),
      'loopbacks.0.addresses.1',
      '"10.1.0.1" is already an address of bridges.0: choose another',
    ],
    [
      'a VRF that is not there',
      (c) => Object.assign(c.bridges[0]!, { vrf: 'blue' }),
      'bridges.0.vrf',
      'there is no VRF "blue": add it under vrfs, or use one of default, guests',
    ],
    [
      'a member that is not there',
      (c) => Object.assign(c.bridges[0]!, { members: ['p1', 'p9'] }),
      'bridges.0.members.1',
      'there is no interface or VLAN "p9"',
    ],
    [
      'a loopback as member',
      (c) => Object.assign(c.bridges[0]!, { members: ['p1', 'loop'] }),
      'bridges.0.members.1',
      '"loop" cannot be a member: only interfaces and their VLANs can',
    ],
    [
      'a member of two bridges',
      (c) => c.bridges.push({ name: 'lan2', members: ['p2', 'p1'] }),
      'bridges.1.members.1',
      '"p1" is already a member of lan: an interface is in one bridge',
    ],
    [
      'a member twice',
      (c) => Object.assign(c.bridges[0]!, { members: ['p1', 'p1'] }),
      'bridges.0.members.1',
      '"p1" is already a member of lan: an interface is in one bridge',
    ],
    [
      'a member with addresses',
      (c) => Object.assign(c.bridges[0]!, { members: ['p1', 'wan7'] }),
      'bridges.0.members.1',
      '"wan7" has addresses: give them to the bridge, whose member it is',
    ],
    [
      'a VLAN of a bridge as member',
      (c) => c.bridges.push({ name: 'lan2', members: ['p2', 'lan6'] }),
      'bridges.1.members.1',
      '"lan6" is a VLAN of a bridge: only VLANs of interfaces can be members',
    ],
    [
      "an MTU larger than a member's",
      (c) => Object.assign(c.bridges[0]!, { mtu: 1500 }),
      'bridges.0.mtu',
      'is larger than the MTU of its member p2v9, 1400: at most that',
    ],
    [
      'no member',
      (c) => Object.assign(c.bridges[0]!, { members: [] }),
      'bridges.0.members',
      'a bridge needs a member',
    ],
    [
      'a route by a member',
      (c) => c.routes.push({ prefix: '10.9.0.0/16', interface: 'p1' }),
      'routes.0.interface',
      '"p1" is a member of lan: name the bridge',
    ],
    [
      'a node on a member',
      (c) => c.nodes.push({ file: '/etc/sluice/count.ts', interfaces: ['lan', 'p2', 'p2v9'] }),
      'nodes.0.interfaces.2',
      '"p2v9" is a member of lan, whose packets a node never sees: put it on lan',
    ],
    [
      'an IKE address that nobody has',
      (c) => Object.assign(c.loopbacks[0]!, { addresses: [] }),
      'ike.connections.0.local.address',
      /^10\.255\.0\.1 is not an address of this device/,
    ],
  ];
  for (const [what, change, path, message] of cases) {
    it(`refuse ${what}`, () => {
      const config = parts();
      change(config);
      const issues = deviceConfigSchema.safeParse(config).error?.issues ?? [];
      const found = issues.find((issue) => issue.path.join('.') === path);
      assert.ok(found !== undefined, JSON.stringify(issues));
      if (typeof message === 'string') assert.equal(found.message, message);
      else assert.match(found.message, message);
    });
  }
});
