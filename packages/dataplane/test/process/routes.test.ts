// Routes with several next hops, into other VRFs, and those that refuse, as hosts around a gateway see them.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

const LAN = port('lan', 'p0', ['10.1.0.1/24']);
const A = port('a', 'p1', ['10.2.0.1/24']);
const B = port('b', 'p2', ['10.3.0.1/24']);
/** Behind both routers: so many that one of two gets none once in a thousand million runs. */
const HOSTS = Array.from({ length: 32 }, (_, i) => `10.9.0.${i + 1}`);

describe('data plane process with routes of every kind', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;
  let routerA: string;
  let routerB: string;

  beforeEach(() => {
    network = new Network();
    near = network.host('near', 'p0', '10.1.0.2/24', '10.1.0.1');
    routerA = network.host('ra', 'p1', '10.2.0.2/24', '10.2.0.1');
    routerB = network.host('rb', 'p2', '10.3.0.2/24', '10.3.0.1');
    for (const router of [routerA, routerB])
      ip('-n', router, 'route', 'add', 'local', '10.9.0.0/24', 'dev', 'lo');
    gateway = new Gateway(network);
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
  });

  /** Echo requests that a namespace has answered. */
  const answered = (namespace: string): number => {
    const [names = '', values = ''] = network
      .sync(namespace, 'cat', '/proc/net/snmp')
      .split('\n')
      .filter((line) => line.startsWith('Icmp:'));
    return Number(values.split(' ')[names.split(' ').indexOf('OutEchoReps')]);
  };
  const nextHops = async (prefix: string) => {
    const { routes } = await gateway.client.request('show-routes', {});
    return routes.find((route) => route.prefix === prefix)?.next_hops ?? [];
  };

  const pingHosts = () => Promise.all(HOSTS.map((host) => pingAll(network, near, '-c', '1', host)));

  it('shares flows among two routers, and goes on by the other when one is gone', async () => {
    const next_hops = ['10.2.0.2', '10.3.0.2'].map((address) => ({ address, weight: 1 }));
    await gateway.apply({
      interfaces: [LAN, A, B],
      routes: [{ prefix: '10.9.0.0/24', vrf: 'default', next_hops }],
    });
    await pingHosts();
    assert.ok(answered(routerA) > 0 && answered(routerB) > 0, `${answered(routerA)}, ${answered(routerB)}`);
    assert.match(
      ip('-n', network.gateway, 'route'),
      /10\.9\.0\.0\/24 proto 171[\s\S]*nexthop via 10\.3\.0\.2 dev b weight 1/,
    );

    ip('-n', routerA, 'link', 'set', 'eth0', 'down');
    await until('the router that is gone has no flows', async () => {
      const hops = await nextHops('10.9.0.0/24');
      return hops.some((hop) => hop.address === '10.2.0.2' && !hop.active);
    });
    const before = answered(routerB);
    await pingHosts();
    assert.ok(answered(routerB) - before >= HOSTS.length);

    ip('-n', routerA, 'link', 'set', 'eth0', 'up');
    ip('-n', routerA, 'route', 'replace', 'default', 'via', '10.2.0.1');
    await until('it has its flows again', async () =>
      (await nextHops('10.9.0.0/24')).every((hop) => hop.active),
    );
    const again = answered(routerA);
    await pingHosts();
    assert.ok(answered(routerA) > again);
  });

  it('follows a next hop behind another route when that changes', async () => {
    const behind = { prefix: '10.9.0.0/24', vrf: 'default', next_hop: '172.16.0.1' };
    const over = (next_hop: string) => ({ prefix: '172.16.0.0/16', vrf: 'default', next_hop });
    for (const [router, namespace] of [
      ['10.2.0.2', routerA],
      ['10.3.0.2', routerB],
    ] as const) {
      await gateway.apply({ interfaces: [LAN, A, B], routes: [behind, over(router)] });
      await pingAll(network, near, '-c', '1', HOSTS[0]!);
      assert.ok(answered(namespace) >= 1);
    }
  });

  it('refuses with the right words, and has Linux refuse likewise', async () => {
    await gateway.apply({
      interfaces: [LAN, A],
      routes: [
        { prefix: '10.10.0.0/16', vrf: 'default', unreachable: true },
        { prefix: '10.11.0.0/16', vrf: 'default', prohibit: true },
      ],
    });
    for (const [host, words] of [
      ['10.10.0.1', /From 10\.1\.0\.1 .*Destination Host Unreachable/],
      ['10.11.0.1', /From 10\.1\.0\.1 .*Packet filtered/],
    ] as const) {
      assert.match((await ping(network, near, '-c', '1', '-W', '5', host)).output, words);
    }
    const linux = ip('-n', network.gateway, 'route');
    assert.match(linux, /unreachable 10\.10\.0\.0\/16/);
    assert.match(linux, /prohibit 10\.11\.0\.0\/16/);
  });

  it('leads from one VRF into another, and back', async () => {
    await gateway.apply({
      vrfs: [{ name: 'default' }, { name: 'blue' }],
      interfaces: [LAN, { ...A, vrf: 'blue' }],
      routes: [
        { prefix: '10.9.0.0/24', vrf: 'default', vrf_lookup: 'blue' },
        { prefix: '10.9.0.0/24', vrf: 'blue', next_hop: '10.2.0.2' },
        { prefix: '10.1.0.0/24', vrf: 'blue', vrf_lookup: 'default' },
      ],
    });
    await pingAll(network, near, '-c', '3', '-i', '0.1', HOSTS[0]!);
    const { routes } = await gateway.client.request('show-routes', { vrf: 'default' });
    assert.equal(routes.find((route) => route.prefix === '10.9.0.0/24')?.vrf_lookup, 'blue');
  });
});
