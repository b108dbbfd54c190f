// Everything that a configuration can have comes and goes, again and again: every table is in the end as it was. The
// namespace has two devices, p0 and p1.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type DataplaneState, parseIp4, parseIp6, type RouteSection } from '@sluice/shared';
import { monotonicMs } from '../../../src/control/monotonic.js';
import { config, port } from '../../process/support/gateway.js';
import { ControlBench } from '../support/control-bench.js';
import { spec } from '../support/sa-bench.js';

const CYCLES = 200;
/** Linux is asked for devices once in so many cycles, which takes longer than all the rest. */
const WITH_PORTS = 10;

const bench = new ControlBench();
const empty = config({});
const bare = config({ interfaces: [port('lan', 'p0', []), port('wan', 'p1', [], { driver: 'af_packet' })] });
await bench.apply(empty);

function full(i: number): DataplaneState {
  const [a, b] = [i & 0xff, (i * 7) & 0xff];
  const vrf = `v${i}`;
  const route = (more: Partial<RouteSection>): RouteSection => ({ prefix: '', vrf: 'default', ...more });
  return config({
    vrfs: [{ name: 'default' }, { name: vrf }],
    interfaces: [
      port('lan', 'p0', [`10.1.${a}.1/24`, `2001:db8:${a}::1/64`], {
        ipv6: { accept_ra: true, dad_transmits: 0 },
        mss_clamp: true,
        virtual_reassembly: true,
      }),
      port('wan', 'p1', [], { driver: 'af_packet' }),
    ],
    vlans: [
      { name: 'lan7', parent: 'lan', vlan: 1 + a, vrf, enabled: true, addresses: [`10.7.${b}.1/24`] },
      { name: 'lan8', parent: 'lan', vlan: 300, inner_vlan: 1 + b, vrf, enabled: true, addresses: [] },
      { name: 'wan9', parent: 'wan', vlan: 9, vrf: 'default', enabled: true, addresses: [] },
      { name: 'br7', parent: 'br', vlan: 77, vrf, enabled: true, addresses: ['10.77.0.1/24'] },
    ],
    bridges: [
      {
        name: 'br',
        members: ['wan', 'lan8'],
        vrf: 'default',
        enabled: true,
        addresses: ['192.0.2.1/24', '2001:db8:ffff::1/64'],
        ageing_s: 300,
        mac_limit: 100,
      },
    ],
    loopbacks: [{ name: 'loop', vrf, addresses: [`10.255.${a}.1/32`] }],
    tunnels: [
      { name: 'tun', if_id: 1000 + i, vrf, outer_vrf: 'default', enabled: true, addresses: ['10.8.0.1/30'] },
      {
        name: 'gre',
        kind: 'gre',
        if_id: 5000 + i,
        local: '192.0.2.1',
        remote: '198.51.100.9',
        key: i,
        vrf: 'default',
        outer_vrf: 'default',
        enabled: true,
        addresses: [`10.9.${a}.1/30`],
      },
      {
        name: 'ipip',
        kind: 'ipip',
        protect: 'none',
        local: '2001:db8:ffff::1',
        remote: `2001:db8:ffff::${b + 2}`,
        vrf: 'default',
        outer_vrf: vrf,
        enabled: true,
        addresses: [],
      },
    ],
    routes: [
      route({ prefix: '0.0.0.0/0', next_hop: '192.0.2.254' }),
      route({ prefix: '::/0', next_hop: '2001:db8:ffff::fe' }),
      route({
        prefix: `10.64.${b}.0/24`,
        next_hops: [
          { address: '192.0.2.253', weight: 1 },
          { address: `10.1.${a}.9`, weight: 3 },
          { interface: 'gre', weight: 1 },
        ],
      }),
      route({
        prefix: '2001:db8:64::/48',
        next_hops: [
          { address: '2001:db8:ffff::fd', weight: 1 },
          { address: `2001:db8:${a}::9`, weight: 2 },
        ],
      }),
      route({ prefix: '10.65.0.0/16', next_hop: `10.64.${b}.1` }),
      route({ prefix: '10.66.0.0/16', interface: 'gre' }),
      route({ prefix: '10.67.0.0/16', vrf_lookup: vrf }),
      route({ prefix: '10.68.0.0/16', vrf, interface: 'tun' }),
      route({ prefix: '10.69.0.0/16', blackhole: true }),
      route({ prefix: '10.70.0.0/16', vrf, unreachable: true }),
      route({ prefix: '2001:db8:70::/48', vrf, prohibit: true }),
    ],
  });
}

/** What comes besides: SAs, neighbours, stations, routers, paths. */
function live(i: number): void {
  const now = monotonicMs();
  const selectors = [
    { src: '10.0.0.0/8', dst: '0.0.0.0/0', protocol: 6, src_ports: [0, 65_535], dst_ports: [80, 443] },
    { src: '::/0', dst: '2001:db8::/32', protocol: 0, src_ports: [0, 65_535], dst_ports: [0, 65_535] },
  ] as const;
  const ends = {
    out: { src: '192.0.2.1', dst: '198.51.100.9' },
    in: { src: '198.51.100.9', dst: '192.0.2.1' },
  };
  for (const direction of ['out', 'in'] as const) {
    const more = { ...ends[direction], selectors: selectors.map((each) => ({ ...each })) as never };
    bench.sas.install(spec(0x2000 + i, direction, { ...more, if_id: 1000 + i }), now);
    bench.sas.install(spec(0x8000 + i, direction, { ...more, if_id: 5000 + i, mode: 'transport' }), now);
    // Others take the place of their selectors.
    const changed = { ...more, if_id: 1000 + i, selectors: null };
    bench.sas.install(spec(0x2000 + i, direction, changed), now);
  }
  const row = (name: string): number => bench.interfaces.get(name)!.row;
  const mac = Uint8Array.of(2, 0, 0, 0, 1, i);
  for (const [name, address] of [
    ['br', '192.0.2.254'],
    ['lan', `10.1.${i & 0xff}.77`],
  ] as const) {
    bench.neighbours.resolve(row(name), parseIp4(address)!, now);
    bench.neighbours.heard(row(name), parseIp4(address)!, { flags: 0, mac }, now);
  }
  bench.layer2.heard(row('wan'), 0x0102, i, now);
  bench.layer2.heard(row('lan8'), 0x0202, i, now);
  const router = parseIp6('fe80::1')!;
  bench.links.advertisements.hear(
    row('lan'),
    router,
    {
      hopLimit: 64,
      preference: 'high',
      lifetimeS: 1800,
      reachableMs: 0,
      retransmitMs: 0,
      mtu: 1400,
      prefixes: [
        {
          address: parseIp6('2001:db8:5555::')!,
          length: 64,
          onLink: true,
          autonomous: true,
          validS: 3600,
          preferredS: 1800,
        },
      ],
    },
    now,
  );
  bench.links.updateRoutes();
  bench.convergence.learnPathMtu(row('tun'), 4, 1300, 1400);
  bench.paths.tick(now);
  bench.links.tick(now + 5_000);
  bench.neighbours.tick(now + 5_000);
}

function gone(i: number): void {
  const now = monotonicMs();
  for (const spi of [0x2000 + i, 0x8000 + i]) {
    for (const dst of ['198.51.100.9', '192.0.2.1']) assert.ok(bench.sas.remove({ dst, spi }, now) !== null);
  }
}

/** Sizes of what an object holds for itself: of its lists, maps and sets. */
function sizesOf(what: object): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const [key, value] of Object.entries(what)) {
    if (value instanceof Map || value instanceof Set) sizes[key] = value.size;
    else if (Array.isArray(value)) sizes[key] = value.filter((each) => each !== undefined).length;
    else if (typeof value === 'number' && /^(top|used)/.test(key)) sizes[key] = value;
  }
  return sizes;
}

interface Sizes {
  adjacencies: number;
  [what: string]: unknown;
}

function sizes(): Sizes {
  const { fib, fib6, adjacencies, pathTable } = bench;
  const owners = {
    adjacencies,
    pathTable,
    interfaces: bench.interfaces,
    index: (bench.interfaces as unknown as { index: object }).index,
    neighbours: bench.neighbours,
    paths: bench.paths,
    layer2: bench.layer2,
    macs: bench.layer2.macs,
    sas: bench.sas,
    selectors: (bench.sas as unknown as { selectors: object }).selectors,
    features: bench.features,
    tunnels: bench.tunnels,
    pathMtus: bench.pathMtus,
    links: bench.links,
    detection: bench.links.detection,
    advertisements: bench.links.advertisements,
    advertised: bench.links.advertised,
    convergence: bench.convergence,
    journal: (bench as unknown as { journal: object }).journal,
  };
  return {
    adjacencies: adjacencies.used,
    buckets: pathTable.used,
    fib: fib.statistics(),
    fib6: fib6.statistics(),
    tags: bench.tags.size,
    tunnelIndex: bench.tunnelIndex.size,
    spis: bench.spis.size,
    interfaces: bench.interfaces.list().length,
    vrfs: bench.convergence.vrfList().length,
    ports: bench.open.map((rows) => rows.size),
    descriptors: readdirSync('/proc/self/fd').length,
    ...Object.fromEntries(Object.entries(owners).map(([name, owner]) => [`of ${name}`, sizesOf(owner)])),
  };
}

const start = sizes();
let warm = start;
let busy = start;
for (let i = 0; i < CYCLES; i++) {
  await bench.apply(full(i));
  // Nobody objects to the IPv6 addresses.
  for (const later of [2_000, 5_000]) bench.links.tick(monotonicMs() + later);
  assert.deepEqual(await bench.apply(full(i)), [], `cycle ${i}`);
  live(i);
  await bench.convergence.idle();
  bench.settle();
  if (i === 0) busy = sizes();
  gone(i);
  const last = i % WITH_PORTS === WITH_PORTS - 1;
  assert.deepEqual(await bench.apply(last ? empty : bare), [], `cycle ${i}`);
  bench.settle();
  // By then each table has had to grow to what a cycle needs.
  if (i === WITH_PORTS - 1) warm = sizes();
}
assert.notDeepEqual(busy, start, 'a cycle takes something');
assert.deepEqual(sizes(), warm, 'the tables after all cycles, and after the first ones');
// Kept for good: what looks up in a VRF (StaticRoutes.lookups), one adjacency for each number of a VRF.
assert.equal(bench.adjacencies.used, start.adjacencies + 1);
await bench.close();
// The watch of devices, and what the bench's own timers would do, end with the process.
process.exit();
