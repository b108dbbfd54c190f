import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type DeviceConfigInput, deviceConfigSchema, formatIp4, tunnelIfId } from '../../src/index.js';
import { validConfig } from './valid.js';

describe('the configuration schema', () => {
  it('fills in what is left out', () => {
    assert.deepEqual(deviceConfigSchema.parse({ schema: 1 }), {
      schema: 1,
      hostname: 'sluice',
      dataplane: {
        workers: 2,
        frames: 16384,
        reassembly: { timeout_ms: 10_000, max_datagrams: 4096, max_fragments: 128 },
      },
      vrfs: [{ name: 'default' }],
      interfaces: [],
      vlans: [],
      bridges: [],
      loopbacks: [],
      tunnels: [],
      routes: [],
      nodes: [],
      ike: { connections: [] },
      dhcp: { servers: [] },
      dhcp6: { servers: [] },
      dns: { servers: [], forwarders: [] },
      router_advertisements: [],
      ipfix: {
        interfaces: [],
        collectors: [],
        active_timeout_s: 60,
        idle_timeout_s: 15,
        max_flows: 65_536,
        sampling: 1,
        observation_domain: 1,
        template_refresh_s: 60,
      },
      management: { users: [] },
    });
    const config = deviceConfigSchema.parse(validConfig());
    assert.deepEqual(config.interfaces[0], {
      name: 'wan',
      device: 'eth0',
      driver: 'af_xdp',
      vrf: 'default',
      mtu: 1500,
      enabled: true,
      addresses: ['198.51.100.2/30'],
    });
    assert.equal(config.ike.connections[0]?.children[0]?.replay_window, 256);
  });

  it('is the same for what it has read before', () => {
    const once = deviceConfigSchema.parse(validConfig());
    assert.deepEqual(deviceConfigSchema.parse(once), once);
  });

  /** Of `validConfig`, the value at a path, and what is said of it. */
  const values: [path: string, value: unknown, message: RegExp][] = [
    ['schema', 2, /expected 1/],
    ['hostname', '-x', /^letters, digits/],
    ['hostname', 'x'.repeat(64), /^at most 63 characters$/],
    ['interfaces.0.name', '0wan', /^starts with a letter/],
    ['interfaces.0.name', 'a'.repeat(16), /^at most 15 characters, as Linux names its interfaces$/],
    ['interfaces.0.mtu', 67, /^at least 68 \(RFC 791\)$/],
    ['interfaces.0.mtu', 1701, /^at most 1700: a packet must fit one frame of the pool$/],
    ['interfaces.0.addresses.0', '198.51.100.2', /^must be an address with its prefix length/],
    ['interfaces.0.addresses.0', '2001:db8::1', /^must be an address with its prefix length/],
    ['interfaces.0.driver', 'dpdk', /af_xdp/],
    [
      'routes.0.prefix',
      '10.0.0.0',
      /^must be an IPv4 or IPv6 prefix such as 10\.2\.0\.0\/16 or 2001:db8:2::\/48$/,
    ],
    ['routes.0.prefix', '10.0.0.1/8', /^has bits set beyond its prefix length/],
    ['routes.0.prefix', '2001:db8::1/32', /^has bits set beyond its prefix length/],
    ['routes.0.next_hop', 'router', /^must be an IPv4 or IPv6 address such as 192\.0\.2\.1 or 2001:db8::1$/],
    ['routes.1.unreachable', true, /^needs exactly one of/],
    ['routes.1.next_hops', [], /^needs a next hop$/],
    ['routes.1.next_hops', [{ weight: 2 }], /^needs an address, an interface, or both$/],
    ['routes.1.next_hops', [{ interface: 'wan', weight: 0 }], />=1/],
    [
      'routes.0.blackhole',
      true,
      /^needs exactly one of next_hop, next_hops, interface, vrf_lookup, blackhole, unreachable, prohibit$/,
    ],
    ['ike.connections.0.psk', 'a secret written here', /expected object/],
    [
      'ike.connections.0.psk.file',
      'hq.psk',
      /^must be an absolute path to a file that only its owner can read$/,
    ],
    ['ike.connections.0.version', 3, /expected one of 1\|2/],
    ['ike.connections.0.children.0.esp_proposals', ['3des-sha1'], /^must be of what the data plane does/],
    ['ike.connections.0.proposals', ['aes'], /"aes" is not/],
    ['ike.connections.0.children', [], />=1/],
    ['tunnels.0.if_id', 0, />=1/],
    ['interfaces.0.colour', 'red', /"colour"/],
  ];
  for (const [path, value, message] of values) {
    it(`says what is wrong with ${path} ${JSON.stringify(value)?.slice(0, 40)}`, () => {
      const config = validConfig();
      const keys = path.split('.');
      const last = keys.pop() ?? '';
      const parent = keys.reduce<unknown>((at, key) => Reflect.get(at as object, key), config);
      Reflect.set(parent as object, last, value);
      const result = deviceConfigSchema.safeParse(config);
      assert(!result.success, 'was accepted');
      const found = result.error.issues.find((issue) => message.test(issue.message));
      assert(found, JSON.stringify(result.error.issues, null, 1));
      // What is wrong with a whole section is said of the section.
      const at = found.path.join('.');
      assert(at.startsWith(keys.join('.')), at);
      assert(!JSON.stringify(result.error.issues).includes('a secret written here'));
    });
  }

  it('passes every configuration whose parts fit together', () => {
    const shape = fc.record({
      vrfs: fc.integer({ min: 0, max: 3 }),
      interfaces: fc.integer({ min: 1, max: 8 }),
      tunnels: fc.integer({ min: 0, max: 6 }),
      routes: fc.uniqueArray(
        fc.record({
          network: fc.nat(0xffff),
          way: fc.constantFrom('next_hop', 'interface', 'blackhole'),
          of: fc.nat(),
        }),
        { maxLength: 10, selector: (route) => route.network },
      ),
      mtu: fc.integer({ min: 68, max: 1700 }),
      rekey: fc.integer({ min: 10, max: 86_400 }),
      driver: fc.constantFrom('af_xdp' as const, 'af_packet' as const),
      choice: fc.nat(),
    });
    fc.assert(
      fc.property(shape, (parts) => {
        const vrfs = ['default', ...Array.from({ length: parts.vrfs }, (_, i) => `vrf${i}`)];
        const vrfOf = (i: number): string => vrfs[(i + parts.choice) % vrfs.length] ?? 'default';
        const interfaces = Array.from({ length: parts.interfaces }, (_, i) => ({
          name: `port${i}`,
          device: `eth${i}`,
          driver: parts.driver,
          mtu: parts.mtu,
          vrf: vrfOf(i),
          addresses: [`${formatIp4(0x0a000001 + (i << 8))}/24`],
        }));
        const tunnels = Array.from({ length: parts.tunnels }, (_, i) => ({
          name: `tun${i}`,
          vrf: vrfOf(i),
          outer_vrf: vrfOf(i + 1),
          if_id: i + 1,
        }));
        const routes = parts.routes.map(({ network, way, of }) => {
          const i = of % interfaces.length;
          const prefix = `${formatIp4(0xac000000 + (network << 8))}/24`;
          const vrf = vrfOf(i);
          if (way === 'next_hop') return { prefix, vrf, next_hop: formatIp4(0x0a000002 + (i << 8)) };
          return way === 'interface'
            ? { prefix, vrf, interface: `port${i}` }
            : { prefix, vrf, blackhole: true as const };
        });
        const connections = tunnels.map((tunnel, i) => ({
          name: `peer${i}`,
          local: { address: formatIp4(0x0a000001 + ((i % interfaces.length) << 8)) },
          remote: { address: '203.0.113.9' },
          psk: { file: `/etc/sluice/${tunnel.name}.psk` },
          children: [{ name: 'net', tunnel: tunnel.name, rekey_time_s: parts.rekey }],
        }));
        const config: DeviceConfigInput = {
          schema: 1,
          vrfs: vrfs.map((name) => ({ name })),
          interfaces,
          tunnels,
          routes,
          ike: { connections },
        };
        const result = deviceConfigSchema.safeParse(config);
        assert(result.success, JSON.stringify(result.error?.issues));
      }),
    );
  });
});

describe('the interface id of a tunnel', () => {
  it('is the configured one, or depends on the name alone', () => {
    assert.equal(tunnelIfId({ name: 'tun-hq', if_id: 7 }), 7);
    assert.equal(tunnelIfId({ name: 'tun-hq' }), tunnelIfId({ name: 'tun-hq' }));
    // FNV-1a of one octet, by hand: (0x811c9dc5 ^ 0x61) * 0x01000193 mod 2^32, less the top bit.
    assert.equal(tunnelIfId({ name: 'a' }), 0xe40c292c & 0x7fffffff);
  });

  it('is one that the kernel takes: above 0 and of 31 bits', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const id = tunnelIfId({ name });
        assert(Number.isInteger(id) && id > 0 && id <= 0x7fffffff);
      }),
    );
  });
});
