import assert from 'node:assert/strict';
import { deviceConfigSchema } from '../../src/index.js';
import { validConfig } from './valid.js';

type Config = ReturnType<typeof validConfig>;

interface Case {
  what: string;
  /** Makes a right configuration wrong. */
  change(config: Config): void;
  path: string;
  message: string | RegExp;
}

/** Tests write what the types of a right configuration do not allow. */
function set(target: object, key: string | number, value: unknown): void {
  Reflect.set(target, key, value);
}

function addRoutes(config: Config, ...routes: object[]): void {
  (config.routes as object[]).push(...routes);
}

const CASES: Case[] = [
  {
    what: 'a node on an interface that is not there',
    change: (config) => set(config, 'nodes', [{ file: '/etc/n.ts', interfaces: ['lan', 'lna'] }]),
    path: 'nodes.0.interfaces.1',
    message: 'there is no interface or tunnel "lna": use one of wan, lan, tun-hq',
  },
  {
    what: 'one file as two nodes',
    change: (config) =>
      set(config, 'nodes', [
        { file: '/etc/n.ts', interfaces: ['lan'] },
        { file: '/etc/n.ts', interfaces: ['wan'] },
      ]),
    path: 'nodes.1.file',
    message: '"/etc/n.ts" is already the file of nodes.0: choose another',
  },
  {
    what: 'two interfaces of one name',
    change: (config) => set(config.interfaces[1]!, 'name', 'wan'),
    path: 'interfaces.1.name',
    message: '"wan" is already the name of interfaces.0: choose another',
  },
  {
    what: "a tunnel with an interface's name",
    change: (config) => config.tunnels.push({ name: 'lan', addresses: [] }),
    path: 'tunnels.1.name',
    message: '"lan" is already the name of interfaces.1: choose another',
  },
  {
    what: 'two tunnels that no packet tells apart',
    change: (config) =>
      set(config, 'tunnels', [
        ...config.tunnels,
        { name: 'gre1', kind: 'gre', local: '2001:db8::1', remote: '2001:db8::2' },
        { name: 'gre2', kind: 'gre', local: '2001:db8::1', remote: '2001:db8:0::2' },
      ]),
    path: 'tunnels.2.remote',
    message:
      '"gre from 2001:db8::1 to 2001:db8::2 in VRF default" is already the tunnel of tunnels.1: choose another',
  },
  {
    what: 'transport mode for a tunnel without a header of its own',
    change: (config) => set(config.ike.connections[0]!.children[0]!, 'mode', 'transport'),
    path: 'ike.connections.0.children.0.mode',
    message: /^must be tunnel, or "tun-hq" of kind gre or ipip/,
  },
  {
    what: 'tunnel mode for one that has',
    change: (config) =>
      set(config, 'tunnels', [
        { name: 'tun-hq', kind: 'ipip', local: '198.51.100.2', remote: '203.0.113.2' },
      ]),
    path: 'ike.connections.0.children.0.mode',
    message: 'must be transport: "tun-hq" is of kind ipip, which has a header of its own',
  },
  {
    what: 'two interfaces on one device',
    change: (config) => set(config.interfaces[1]!, 'device', 'eth0'),
    path: 'interfaces.1.device',
    message: '"eth0" is already the device of interfaces.0: choose another',
  },
  {
    what: "a device with an interface's name",
    change: (config) => set(config.interfaces[1]!, 'device', 'wan'),
    path: 'interfaces.1.device',
    message: `"wan" is also an interface's name, and so its TAP twin's: name the interface otherwise`,
  },
  {
    what: 'two VRFs of one name',
    change: (config) => config.vrfs.push({ name: 'guests' }),
    path: 'vrfs.2.name',
    message: '"guests" is already the name of vrfs.1: choose another',
  },
  {
    what: 'two connections of one name',
    change: (config) => config.ike.connections.push(validConfig().ike.connections[0]!),
    path: 'ike.connections.1.name',
    message: '"hq" is already the name of ike.connections.0: choose another',
  },
  {
    what: 'two children of one name',
    change: (config) => config.ike.connections[0]!.children.push({ name: 'net', tunnel: 'tun-hq' }),
    path: 'ike.connections.0.children.1.name',
    message: '"net" is already the name of ike.connections.0.children.0: choose another',
  },
  ...(['interfaces', 'routes', 'tunnels'] as const).map(
    (section): Case => ({
      what: `${section} in a VRF that is not there`,
      change: (config) => set(config[section].at(-1)!, 'vrf', 'voice'),
      path: `${section}.${validConfig()[section].length - 1}.vrf`,
      message: 'there is no VRF "voice": add it under vrfs, or use one of default, guests',
    }),
  ),
  {
    what: 'a tunnel whose outer VRF is not there',
    change: (config) => set(config.tunnels[0]!, 'outer_vrf', 'voice'),
    path: 'tunnels.0.outer_vrf',
    message: 'there is no VRF "voice": add it under vrfs, or use one of default, guests',
  },
  {
    what: 'one address twice in a VRF',
    change: (config) => set(config.tunnels[0]!, 'addresses', ['10.1.0.1/32']),
    path: 'tunnels.0.addresses.0',
    message: '"10.1.0.1" is already an address of interfaces.1: choose another',
  },
  {
    what: 'one IPv6 address twice in a VRF, written in two ways',
    change: (config) => {
      set(config.interfaces[1]!, 'addresses', ['2001:db8::1/64']);
      set(config.tunnels[0]!, 'addresses', ['2001:DB8:0::1/128']);
    },
    path: 'tunnels.0.addresses.0',
    message: '"2001:db8::1" is already an address of interfaces.1: choose another',
  },
  {
    what: 'one link-local address twice on an interface',
    change: (config) => set(config.interfaces[1]!, 'addresses', ['fe80::1/64', 'fe80:0::1/64']),
    path: 'interfaces.1.addresses.1',
    message: '"fe80::1" is already an address of interfaces.1: choose another',
  },
  ...['fe80:1::1/64', 'febf::1/64', 'fe80::1/10'].map((address) => ({
    what: `a link-local address that is none of an interface: ${address}`,
    change: (config: Config) => set(config.interfaces[1]!, 'addresses', [address]),
    path: 'interfaces.1.addresses.0',
    message: `${address} is no link-local address of an interface: write it as fe80::1/64`,
  })),
  ...[
    '::/128',
    '::1/128',
    '::10.1.0.1/96',
    '::ffff:10.1.0.1/96',
    'ff02::1/16',
    '0.0.0.0/8',
    '127.0.0.1/8',
    '224.0.0.5/24',
    '255.255.255.255/32',
  ].map((address) => ({
    what: `an address that no host has: ${address}`,
    change: (config: Config) => set(config.interfaces[1]!, 'addresses', [address]),
    path: 'interfaces.1.addresses.0',
    message: `${address} is no address of a single host on a network: choose another`,
  })),
  {
    what: 'an MTU too small for IPv6',
    change: (config) => {
      set(config.interfaces[1]!, 'addresses', ['2001:db8::1/64']);
      Object.assign(config.interfaces[1]!, { mtu: 1279 });
    },
    path: 'interfaces.1.mtu',
    message: 'is 1279, but IPv6 needs 1280: raise it, or leave IPv6 addresses out',
  },
  {
    what: 'two routes of one prefix in a VRF',
    change: (config) => set(config.routes[1]!, 'prefix', config.routes[0]!.prefix),
    path: 'routes.1.prefix',
    message: /^".* in VRF default" is already the prefix of routes\.0: choose another$/,
  },
  {
    what: 'a route into an interface that is not there',
    change: (config) => set(config.routes[1]!, 'interface', 'tun-dc'),
    path: 'routes.1.interface',
    message: 'there is no interface or tunnel "tun-dc"',
  },
  {
    what: 'a next hop on no connected network',
    change: (config) => set(config.routes[0]!, 'next_hop', '192.0.2.1'),
    path: 'routes.0.next_hop',
    message:
      '192.0.2.1 is on no network connected in VRF default (198.51.100.0/30, 10.1.0.0/24, 169.254.1.0/30), ' +
      'and no route but the default one covers it',
  },
  {
    what: 'a next hop in a VRF without networks',
    change: (config) => set(config.routes[0]!, 'vrf', 'guests'),
    path: 'routes.0.next_hop',
    message:
      '198.51.100.1 is on no network connected in VRF guests (none), and no route but the default one covers it',
  },
  {
    what: 'one IPv6 prefix in two spellings',
    change: (config) =>
      addRoutes(
        config,
        { prefix: '2001:db8:0::/48', blackhole: true },
        { prefix: '2001:DB8::/48', blackhole: true },
      ),
    path: 'routes.3.prefix',
    message: '"2001:db8::/48 in VRF default" is already the prefix of routes.2: choose another',
  },
  {
    what: 'a next hop of the other family',
    change: (config) => set(config.routes[0]!, 'next_hop', '2001:db8::1'),
    path: 'routes.0.next_hop',
    message: '2001:db8::1 is of the other address family than 0.0.0.0/0: give a next hop of the same',
  },
  {
    what: 'a link-local next hop of no link',
    change: (config) => addRoutes(config, { prefix: '::/0', next_hop: 'fe80::1' }),
    path: 'routes.2.next_hop',
    message:
      'fe80::1 is a link-local address: say on which interface it is, by an entry of next_hops with both',
  },
  {
    what: "a next hop that is the box's own",
    change: (config) => set(config.routes[0]!, 'next_hop', '198.51.100.2'),
    path: 'routes.0.next_hop',
    message: "198.51.100.2 is an address of this device itself: give its neighbour's",
  },
  {
    what: 'a next hop that its own route leads to',
    change: (config) => addRoutes(config, { prefix: '192.0.2.0/24', next_hop: '192.0.2.1' }),
    path: 'routes.2.next_hop',
    message: '192.0.2.1 is reached by this route itself: give a router on a connected network',
  },
  {
    what: 'next hops that lead in a circle',
    change: (config) =>
      addRoutes(
        config,
        { prefix: '192.0.2.0/24', next_hop: '203.0.113.1' },
        { prefix: '203.0.113.0/24', next_hop: '192.0.2.1' },
      ),
    path: 'routes.2.next_hop',
    message:
      '203.0.113.1 leads in a circle through the route to 192.0.2.0/24: give a router on a connected network',
  },
  {
    what: 'one of several next hops on no network',
    change: (config) =>
      addRoutes(config, {
        prefix: '192.0.2.0/24',
        next_hops: [{ address: '10.1.0.9' }, { address: '10.9.0.9' }],
      }),
    path: 'routes.2.next_hops.1.address',
    message: /^10\.9\.0\.9 is on no network connected in VRF default/,
  },
  {
    what: 'one of several next hops on an interface that is not there',
    change: (config) =>
      addRoutes(config, {
        prefix: '192.0.2.0/24',
        next_hops: [{ interface: 'wan2' }, { interface: 'tun-hq' }],
      }),
    path: 'routes.2.next_hops.0.interface',
    message: 'there is no interface or tunnel "wan2"',
  },
  {
    what: 'one of several next hops that is an Ethernet interface alone',
    change: (config) =>
      addRoutes(config, {
        prefix: '192.0.2.0/24',
        next_hops: [{ interface: 'tun-hq' }, { interface: 'wan' }],
      }),
    path: 'routes.2.next_hops.1.interface',
    message: 'wan is no tunnel: give the address of a router on it, too',
  },
  {
    what: 'a route that looks up in its own VRF',
    change: (config) => addRoutes(config, { prefix: '192.0.2.0/24', vrf_lookup: 'default' }),
    path: 'routes.2.vrf_lookup',
    message: 'the route is in VRF default itself: name another VRF',
  },
  {
    what: 'a route that looks up in a VRF that is not there',
    change: (config) => addRoutes(config, { prefix: '192.0.2.0/24', vrf_lookup: 'blue' }),
    path: 'routes.2.vrf_lookup',
    message: 'there is no VRF "blue": add it under vrfs, or use one of default, guests',
  },
  {
    what: 'two tunnels of one interface id',
    change: (config) => {
      set(config.tunnels[0]!, 'if_id', 7);
      config.tunnels.push(Object.assign({ name: 'tun-dc', addresses: [] }, { if_id: 7 }));
    },
    path: 'tunnels.1.if_id',
    message: '"7" is already the if_id of tunnels.0: choose another',
  },
  {
    what: "a connection from an address that is not the device's",
    change: (config) => set(config.ike.connections[0]!.local, 'address', '198.51.100.9'),
    path: 'ike.connections.0.local.address',
    message: '198.51.100.9 is not an address of this device: use one of 198.51.100.2, 10.1.0.1, 169.254.1.1',
  },
  {
    what: 'a connection of a device without addresses',
    change: (config) => {
      for (const entry of [...config.interfaces, ...config.tunnels]) entry.addresses = [];
      config.routes = [];
    },
    path: 'ike.connections.0.local.address',
    message: '198.51.100.2 is not an address of this device: use one of its interfaces, which have none',
  },
  {
    what: 'a child for a tunnel that is not there',
    change: (config) => set(config.ike.connections[0]!.children[0]!, 'tunnel', 'tun-dc'),
    path: 'ike.connections.0.children.0.tunnel',
    message: 'there is no tunnel "tun-dc": add it under tunnels',
  },
];

describe('the cross-check of a configuration', () => {
  it('passes the one that the cases below make wrong', () => {
    assert.equal(deviceConfigSchema.safeParse(validConfig()).success, true);
  });

  for (const { what, change, path, message } of CASES) {
    it(`refuses ${what}`, () => {
      const config = validConfig();
      change(config);
      const result = deviceConfigSchema.safeParse(config);
      assert(!result.success, 'was accepted');
      const issues = result.error.issues.filter((issue) => issue.path.join('.') === path);
      const matches = issues.some((issue) =>
        typeof message === 'string' ? issue.message === message : message.test(issue.message),
      );
      assert(matches, JSON.stringify(result.error.issues, null, 1));
    });
  }

  it('passes routes of every kind, next hops behind other routes, and IPv6 ones with their link', () => {
    const config = validConfig();
    addRoutes(
      config,
      { prefix: '192.0.2.0/24', next_hop: '10.1.0.254' },
      { prefix: '203.0.113.0/24', next_hop: '192.0.2.7' },
      { prefix: '10.66.0.0/16', vrf_lookup: 'guests' },
      { prefix: '10.67.0.0/16', unreachable: true },
      { prefix: '2001:db8:1::/48', prohibit: true },
      { prefix: '::/0', next_hops: [{ address: 'fe80::1', interface: 'wan' }] },
      {
        prefix: '10.68.0.0/16',
        next_hops: [{ interface: 'tun-hq', weight: 3 }, { address: '10.1.0.254' }, { address: '192.0.2.9' }],
      },
    );
    const result = deviceConfigSchema.safeParse(config);
    assert.deepEqual(result.error?.issues ?? [], []);
  });

  it('passes addresses of both families, and one link-local address on several links', () => {
    const config = validConfig();
    for (const entry of config.interfaces) entry.addresses.push('fe80::1/64');
    config.interfaces[1]!.addresses.push('2001:db8:1::/127', '2001:db8:2::1/128', '2001:db8:3::1/64');
    const result = deviceConfigSchema.safeParse(config);
    assert.deepEqual(result.error?.issues ?? [], []);
  });

  it('passes one address in two VRFs', () => {
    const config = validConfig();
    config.interfaces.push(
      Object.assign({ name: 'guest', device: 'eth2', addresses: ['10.1.0.1/24'] }, { vrf: 'guests' }),
    );
    assert.equal(deviceConfigSchema.safeParse(config).success, true);
  });
});
