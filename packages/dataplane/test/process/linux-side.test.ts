// What Linux has of the interfaces: a namespace per VRF, carriers, and nothing that somebody put there by hand.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { pingAll } from './support/ping.js';

interface Link {
  ifname: string;
  ifindex: number;
  flags: string[];
  operstate: string;
  addr_info: { local: string; prefixlen: number }[];
}

const HOST = '10.1.0.2';
const LAN = port('lan', 'p0', ['10.1.0.1/24']);
const BLUE = port('blue0', 'p1', ['10.1.0.1/24'], { vrf: 'blue' });
const vrfs = [{ name: 'default' }, { name: 'blue' }];
const route = { prefix: '10.9.0.0/16', vrf: 'blue', next_hop: HOST };

describe("data plane process: Linux's side of interfaces", function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let host: string;
  let blueHost: string;
  let blue: string;

  beforeEach(async () => {
    network = new Network();
    host = network.host('host', 'p0', `${HOST}/24`, '10.1.0.1');
    blueHost = network.host('blue-host', 'p1', `${HOST}/24`, '10.1.0.1');
    ip('-n', blueHost, 'address', 'add', '10.9.0.9/32', 'dev', 'lo');
    gateway = new Gateway(network);
    blue = `${network.gateway}-blue`;
    await gateway.apply({ vrfs, interfaces: [LAN, BLUE], routes: [route] });
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
  });

  const link = (namespace: string, name: string): Link | undefined =>
    (JSON.parse(ip('-n', namespace, '-json', 'address', 'show')) as Link[]).find(
      ({ ifname }) => ifname === name,
    );
  const addresses = (namespace: string, name: string): string[] =>
    (link(namespace, name)?.addr_info ?? [])
      .filter(({ local }) => !local.startsWith('fe80:'))
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`);

  it('gives each VRF a namespace whose programs reach that VRF, and no other', async () => {
    await pingAll(network, blue, '-c', '2', HOST);
    await pingAll(network, blue, '-c', '1', '10.9.0.9');
    await pingAll(network, blueHost, '-c', '1', '10.1.0.1');
    assert.equal(link(network.gateway, 'blue0'), undefined);
    assert.equal(link(blue, 'lan'), undefined);
    assert.match(ip('-n', blue, 'route'), /10\.9\.0\.0\/16 via 10\.1\.0\.2 dev blue0/);
    assert.doesNotMatch(ip('-n', network.gateway, 'route'), /10\.9\./);
    // The same address twice: each namespace's own host answered.
    const echoes = (namespace: string): number => {
      const [names, values] = network
        .sync(namespace, 'cat', '/proc/net/snmp')
        .split('\n')
        .filter((line) => line.startsWith('Icmp:'))
        .map((line) => line.split(' '));
      return Number(values?.[names?.indexOf('InEchos') ?? -1]);
    };
    const [other, own] = [echoes(host), echoes(blueHost)];
    await pingAll(network, blue, '-c', '3', '-i', '0.01', HOST);
    assert.equal(echoes(host), other);
    assert.ok(echoes(blueHost) >= own + 3, 'the pings came to the host of the VRF');
  });

  it('removes the namespace with the VRF, and all of them when it ends', async () => {
    await gateway.apply({ interfaces: [LAN] });
    assert.ok(!existsSync(`/run/netns/${blue}`));
    await gateway.apply({ vrfs, interfaces: [LAN, BLUE] });
    await pingAll(network, blue, '-c', '1', HOST);
    // It is watched as the one before it was.
    ip('-n', blue, 'link', 'set', 'blue0', 'down');
    await until('blue0 is up', () => link(blue, 'blue0')?.flags.includes('UP'));
    assert.equal(await gateway.end('SIGTERM'), 0);
    assert.ok(!existsSync(`/run/netns/${blue}`));
    gateway.restart();
  });

  it('takes over what a crash left', async () => {
    const before = link(blue, 'blue0');
    await gateway.end('SIGKILL');
    assert.deepEqual(addresses(blue, 'blue0'), BLUE.addresses);
    gateway.restart();
    await gateway.apply({ vrfs, interfaces: [LAN, BLUE], routes: [route] });
    assert.equal(link(blue, 'blue0')?.ifindex, before?.ifindex);
    await pingAll(network, blue, '-c', '1', '10.9.0.9');

    await gateway.end('SIGKILL');
    gateway.restart();
    await gateway.apply({ interfaces: [LAN] });
    assert.ok(!existsSync(`/run/netns/${blue}`), 'nobody wants it any more');
  });

  it('leaves a namespace alone that is not its own', async () => {
    const other = `${network.gateway}-green`;
    ip('netns', 'add', other);
    const { problems } = await gateway.give({
      vrfs: [...vrfs, { name: 'green' }],
      interfaces: [LAN, { ...BLUE, vrf: 'green' }],
    });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, new RegExp(`another network namespace ${other}: remove it`));
    await gateway.apply({ interfaces: [LAN] });
    assert.ok(existsSync(`/run/netns/${other}`));
  });

  it('puts back what somebody changes, in every namespace, and says so', async () => {
    for (const [namespace, name] of [
      [network.gateway, 'lan'],
      [blue, 'blue0'],
    ] as const) {
      ip('-n', namespace, 'address', 'add', '10.77.0.1/24', 'dev', name);
      await until(
        `${name} has its own addresses`,
        () => !addresses(namespace, name).includes('10.77.0.1/24'),
      );
      ip('-n', namespace, 'address', 'flush', 'dev', name);
      await until(`${name} has its address again`, () => addresses(namespace, name).includes('10.1.0.1/24'));
      ip('-n', namespace, 'link', 'set', name, 'down');
      await until(`${name} is up`, () => link(namespace, name)?.flags.includes('UP'));
      ip('-n', namespace, 'link', 'del', name);
      await until(`${name} is there`, () => addresses(namespace, name).includes('10.1.0.1/24'));
      await gateway.converged();
      await pingAll(network, namespace, '-c', '1', HOST);
    }
    await until('it says so', () => /somebody changed twins on Linux.*10\.77\.0\.1/.test(gateway.log));
    ip('-n', blue, 'route', 'del', '10.9.0.0/16');
    ip('-n', blue, 'address', 'add', '10.77.0.1/24', 'dev', 'blue0');
    await until('the route is back', () => /10\.9\.0\.0\/16/.test(ip('-n', blue, 'route')));
  });

  it('shows a lost carrier by the twin, and everything works when it is back', async () => {
    await pingAll(network, blue, '-c', '1', HOST);
    const state = async (): Promise<string | undefined> =>
      (await gateway.counters()).find(({ name }) => name === 'blue0')?.state;
    assert.equal(await state(), 'up');
    ip('-n', blueHost, 'link', 'set', 'eth0', 'down');
    await until('the twin has no carrier', () => link(blue, 'blue0')?.flags.includes('NO-CARRIER'));
    assert.equal(await state(), 'down');
    await until('the log says so', () => gateway.log.includes('"interface":"blue0","up":false'));
    assert.deepEqual(addresses(blue, 'blue0'), BLUE.addresses);
    const { neighbours } = await gateway.client.request('show-neighbours', {});
    assert.ok(!neighbours.some(({ interface: name, mac }) => name === 'blue0' && mac !== null));
    ip('-n', blueHost, 'link', 'set', 'eth0', 'up');
    await until('the twin has a carrier', () => !link(blue, 'blue0')?.flags.includes('NO-CARRIER'));
    await until('it is up', async () => (await state()) === 'up');
    await pingAll(network, blue, '-c', '1', HOST);
    await pingAll(network, blueHost, '-c', '1', '10.1.0.1');

    await gateway.apply({ vrfs, interfaces: [LAN, { ...BLUE, enabled: false }] });
    assert.equal(link(blue, 'blue0')?.flags.includes('UP'), false);
  });
});
