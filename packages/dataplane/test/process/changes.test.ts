// A configuration that changes under traffic, devices that come and go, and what Linux sees of it.
import assert from 'node:assert/strict';
import { type DataplaneState, dataplaneSection, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll, read } from './support/ping.js';

const NEAR = '10.1.0.2';
const FAR = '10.2.0.2';
/** Times that each configuration is applied while packets pass. */
const ROUNDS = 3;
const LAN = port('lan', 'p0', ['10.1.0.1/24']);
const WAN = port('wan', 'p1', ['10.2.0.1/24']);

describe('data plane process with a configuration that changes', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;
  let far: string;

  beforeEach(async () => {
    network = new Network();
    near = network.host('near', 'p0', `${NEAR}/24`, '10.1.0.1');
    far = network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    gateway = new Gateway(network);
    await gateway.apply({ interfaces: [LAN, WAN] });
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
  });

  /** But the link-local one, which is there once nobody has objected to it. */
  const twinAddresses = (name: string): string[] =>
    (
      JSON.parse(ip('-n', network.gateway, '-json', 'address', 'show', 'dev', name)) as {
        addr_info: { local: string; prefixlen: number }[];
      }[]
    )[0]!.addr_info
      .filter(({ local }) => !local.startsWith('fe80:'))
      .map((each) => `${each.local}/${each.prefixlen}`);

  it('loses no packet on a path that does not change', async () => {
    network.namespace('third');
    network.wire('p2', near.replace(/near$/, 'third'));
    await pingAll(network, near, '-c', '1', FAR);
    const pinging = network.start(near, 'ping', '-n', '-i', '0.002', '-W', '5', FAR);
    const third = port('dmz', 'p2', ['10.3.0.1/24']);
    const variants: Partial<DataplaneState>[] = [
      { interfaces: [{ ...LAN, addresses: ['10.1.0.1/24', '10.1.0.7/24'] }, WAN, third] },
      {
        interfaces: [LAN, { ...WAN, addresses: ['10.2.0.1/24', '10.9.0.1/24'] }],
        routes: [{ prefix: '10.2.0.128/25', vrf: 'default', next_hop: FAR }],
      },
      {
        interfaces: [LAN, WAN, { ...third, vrf: 'blue' }],
        vrfs: [{ name: 'default' }, { name: 'blue' }],
        routes: [{ prefix: '10.77.0.0/16', vrf: 'default', blackhole: true }],
        tunnels: [
          { name: 'tun', vrf: 'default', outer_vrf: 'default', enabled: true, addresses: ['10.8.0.1/30'] },
        ],
      },
      { interfaces: [LAN, WAN] },
    ];
    for (let round = 0; round < ROUNDS; round++) {
      for (const variant of variants) await gateway.apply(variant);
    }
    const answered = (): number => pinging.output().split('bytes from').length - 1;
    const before = answered();
    await until('pings are answered after the last change', () => answered() > before);
    // It ends with its summary.
    pinging.child.kill('SIGINT');
    const { received, lost } = read((await pinging.ended).output);
    assert.deepEqual(lost, []);
    assert.ok(received > before, `${received} were answered`);
  });

  it('adds and removes addresses, routes and interfaces, here and on the twins', async () => {
    ip('-n', far, 'address', 'add', '10.5.0.2/24', 'dev', 'eth0');
    ip('-n', far, 'address', 'add', '10.6.0.6/32', 'dev', 'lo');
    const more = { ...WAN, addresses: ['10.2.0.1/24', '10.5.0.1/24'] };
    const route = { prefix: '10.6.0.0/16', vrf: 'default', next_hop: '10.5.0.2' };
    await gateway.apply({ interfaces: [LAN, more], routes: [route] });
    assert.deepEqual(twinAddresses('wan'), more.addresses);
    assert.match(ip('-n', network.gateway, 'route'), /10\.6\.0\.0\/16 via 10\.5\.0\.2 dev wan/);
    await pingAll(network, near, '-c', '1', '10.5.0.2');
    await pingAll(network, near, '-c', '1', '10.6.0.6');

    await gateway.apply({ interfaces: [LAN, WAN] });
    assert.deepEqual(twinAddresses('wan'), WAN.addresses);
    assert.doesNotMatch(ip('-n', network.gateway, 'route'), /10\.[56]\./);
    for (const gone of ['10.5.0.2', '10.6.0.6', '10.5.0.1']) {
      assert.match((await ping(network, near, '-c', '1', '-W', '5', gone)).output, /Net Unreachable/);
    }
    const { neighbours } = await gateway.client.request('show-neighbours', {});
    assert.ok(!neighbours.some((each) => each.address.startsWith('10.5.')), JSON.stringify(neighbours));

    await gateway.apply({ interfaces: [LAN] });
    assert.match((await ping(network, near, '-c', '1', '-W', '5', FAR)).output, /Net Unreachable/);
    assert.doesNotMatch(ip('-n', network.gateway, 'link'), /wan/);
    await gateway.apply({ interfaces: [LAN, WAN] });
    await pingAll(network, near, '-c', '1', FAR);
  });

  it('moves a network, and the routes through it, to another interface at once', async () => {
    const [a, b] = [LAN, WAN];
    const route = { prefix: '10.6.0.0/16', vrf: 'default', next_hop: FAR };
    await gateway.apply({ interfaces: [a, b], routes: [route] });
    await pingAll(network, near, '-c', '1', FAR);
    const swapped = [
      { ...a, addresses: b.addresses },
      { ...b, addresses: a.addresses },
    ];
    await gateway.apply({ interfaces: swapped, routes: [route] });
    for (const [host, address, router] of [
      [near, '10.2.0.2', '10.2.0.1'],
      [far, '10.1.0.2', '10.1.0.1'],
    ] as const) {
      ip('-n', host, 'address', 'flush', 'dev', 'eth0');
      ip('-n', host, 'address', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', host, 'route', 'add', 'default', 'via', router);
    }
    ip('-n', near, 'address', 'add', '10.6.0.6/32', 'dev', 'lo');
    await pingAll(network, far, '-c', '1', '10.2.0.2');
    await pingAll(network, far, '-c', '1', '10.6.0.6');
    const { routes } = await gateway.client.request('show-routes', {});
    const through = routes.find((each) => each.prefix === '10.6.0.0/16');
    assert.equal(through?.next_hops[0]?.interface, 'lan');
  });

  it('keeps VRFs apart: the same addresses twice, and no way from one to the other', async () => {
    const third = network.host('third', 'p2', `${NEAR}/24`, '10.1.0.1');
    await gateway.apply({
      vrfs: [{ name: 'default' }, { name: 'blue' }],
      interfaces: [LAN, WAN, port('blue0', 'p2', ['10.1.0.1/24'], { vrf: 'blue' })],
    });
    await pingAll(network, near, '-c', '1', FAR);
    await pingAll(network, third, '-c', '1', '10.1.0.1');
    const { output } = await ping(network, third, '-c', '1', '-W', '5', FAR);
    assert.match(output, /From 10\.1\.0\.1 .*Net Unreachable/);
    assert.doesNotMatch(ip('-n', network.gateway, 'link'), /blue0/, 'Linux runs in the default VRF only');
    await gateway.apply({ interfaces: [LAN, WAN] });
    await pingAll(network, near, '-c', '1', FAR);
  });

  it('obeys an MTU that changes, towards neighbours that it knows', async () => {
    await pingAll(network, near, '-c', '1', '-M', 'do', '-s', '1472', FAR);
    ip('-n', far, 'link', 'set', 'eth0', 'mtu', '1300');
    await gateway.apply({ interfaces: [LAN, { ...WAN, mtu: 1300 }] });
    const { output } = await ping(network, near, '-c', '1', '-W', '5', '-M', 'do', '-s', '1472', FAR);
    assert.match(output, /mtu = 1300/);
  });

  it('makes a twin anew that somebody has removed from Linux', async () => {
    const links = (): { ifname: string }[] => JSON.parse(ip('-n', network.gateway, '-json', 'link')) as never;
    ip('-n', network.gateway, 'link', 'del', 'lan');
    await until('the twin is back with its address', async () => {
      const there = links().some(({ ifname }) => ifname === 'lan');
      return there && twinAddresses('lan').includes('10.1.0.1/24');
    });
    await gateway.converged();
    await pingAll(network, network.gateway, '-c', '1', '-I', '10.1.0.1', NEAR);
  });

  it('waits for a device that is missing, and takes it when it appears, goes and comes back', async () => {
    const dmz = port('dmz', 'p2', ['10.3.0.1/24']);
    const status = await gateway.give({ interfaces: [LAN, WAN, dmz] });
    assert.equal(status.converged, false);
    assert.deepEqual(status.problems, ['dmz: there is no device p2: it is taken as soon as it appears']);
    await pingAll(network, near, '-c', '1', FAR);

    const third = network.host('third', 'p2', '10.3.0.2/24', '10.3.0.1');
    await gateway.converged();
    await pingAll(network, near, '-c', '1', '10.3.0.2');

    ip('-n', network.gateway, 'link', 'del', 'p2');
    await until('the loss is a problem', async () => {
      const { problems } = await gateway.client.request('status', {});
      return problems.some((problem) => problem.startsWith('dmz: there is no device p2'));
    });
    network.wire('p2', third);
    ip('-n', third, 'address', 'add', '10.3.0.2/24', 'dev', 'eth0');
    ip('-n', third, 'route', 'add', 'default', 'via', '10.3.0.1');
    await gateway.converged();
    await pingAll(network, near, '-c', '1', '10.3.0.2');
    await pingAll(network, near, '-c', '1', FAR);
  });

  it('gives Linux a device back whose port could never be opened, and one whose interface goes', async () => {
    network.host('third', 'p2', '10.3.0.2/24', '10.3.0.1');
    const flags = (): string => ip('-n', network.gateway, 'link', 'show', 'p2');
    const nowhere = port('dmz', 'p2', ['10.3.0.1/24'], { vrf: 'nowhere' });
    const { problems } = await gateway.give({ interfaces: [LAN, WAN, nowhere] });
    assert.match(problems.join(), /^dmz: there is no VRF "nowhere"/);
    assert.match(flags(), /NOARP/);
    await gateway.apply({ interfaces: [LAN, WAN] });
    assert.doesNotMatch(flags(), /NOARP|PROMISC|xdp/);
    await gateway.apply({ interfaces: [LAN, WAN, { ...nowhere, vrf: 'default' }] });
    assert.match(flags(), /NOARP/);
    await gateway.apply({ interfaces: [LAN, WAN] });
    assert.doesNotMatch(flags(), /NOARP|PROMISC|xdp/);
  });

  it('finds a host that comes late, although traffic to it never stopped', async () => {
    const late = '10.2.0.50';
    const pinging = network.start(near, 'ping', '-n', '-i', '0.02', late);
    await until('the host has failed', async () => {
      const { neighbours } = await gateway.client.request('show-neighbours', {});
      return neighbours.some((each) => each.address === late && each.state === 'failed');
    });
    await until(
      'packets that waited were given up',
      async () => (await gateway.count('ip4-arp/unresolved')) > 0,
    );
    ip('-n', far, 'address', 'add', `${late}/24`, 'dev', 'eth0');
    await until('it answers', () => pinging.output().includes(`bytes from ${late}`));
    pinging.child.kill('SIGKILL');
    await pinging.ended;
  });

  it('makes a twin anew that somebody deleted, and names one that it cannot make', async () => {
    ip('-n', network.gateway, 'link', 'del', 'wan');
    await gateway.apply({ interfaces: [LAN, WAN] });
    assert.deepEqual(twinAddresses('wan'), WAN.addresses);
    await pingAll(network, network.gateway, '-c', '1', FAR);

    ip('-n', network.gateway, 'link', 'add', 'other', 'type', 'bridge');
    const status = await gateway.give({
      interfaces: [LAN, WAN],
      tunnels: [
        { name: 'other', vrf: 'default', outer_vrf: 'default', enabled: true, addresses: ['10.8.0.1/30'] },
      ],
      routes: [{ prefix: '10.66.0.0/16', vrf: 'default', next_hop: FAR }],
    });
    assert.deepEqual(status.problems, [
      'twins: Linux has another device named other: name the interface otherwise',
    ]);
    assert.match(ip('-n', network.gateway, 'route'), /10\.66\.0\.0\/16 via 10\.2\.0\.2/, 'the rest is done');
  });

  it('refuses cores that it may not use, by a sentence, and lives', async () => {
    assert.equal(await gateway.end('SIGTERM'), 0);
    gateway.restart();
    await assert.rejects(
      gateway.give({ dataplane: dataplaneSection.parse({ workers: 1, frames: 4096, cpus: [1000] }) }),
      /dataplane\.cpus names core 1000/,
    );
    await gateway.apply({ interfaces: [LAN, WAN], dataplane: dataplaneSection.parse({ workers: 1 }) });
    await pingAll(network, near, '-c', '1', FAR);
  });
});
