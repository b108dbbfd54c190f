// IPv6 neighbours with Linux as the peer: neighbour discovery both ways, duplicates, announcements.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

const NEAR = '2001:db8:1::2';
const FAR = '2001:db8:2::2';
const LAN = port('lan', 'p0', ['2001:db8:1::1/64', '10.1.0.1/24']);
const WAN = port('wan', 'p1', ['2001:db8:2::1/64']);

describe('data plane process and IPv6 neighbours', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;

  /** A host with IPv6 on its wire; its own addresses need no probing. */
  const host6 = (name: string, device: string, address: string, router: string): string => {
    const namespace = network.namespace(name);
    network.wire(device, namespace);
    network.sync(
      namespace,
      'sysctl',
      '-qw',
      'net.ipv6.conf.eth0.disable_ipv6=0',
      'net.ipv6.conf.eth0.accept_dad=0',
    );
    ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0', 'nodad');
    ip('-n', namespace, '-6', 'route', 'add', 'default', 'via', router, 'dev', 'eth0');
    return namespace;
  };

  beforeEach(async () => {
    network = new Network();
    near = host6('near', 'p0', `${NEAR}/64`, '2001:db8:1::1');
    host6('far', 'p1', `${FAR}/64`, '2001:db8:2::1');
    gateway = new Gateway(network);
    await gateway.apply({ interfaces: [LAN, WAN] });
  });

  afterEach(async () => {
    await gateway?.close();
    await network?.close();
  });

  const shown = async (name: string): Promise<string[]> =>
    (await gateway.counters()).find((each) => each.name === name)?.addresses ?? [];
  const usable = (name: string, address: string): Promise<unknown> =>
    until(`${name} has ${address}`, async () => (await shown(name)).includes(address));

  it('forwards between hosts that find it, and finds them', async () => {
    await usable('lan', '2001:db8:1::1/64');
    await usable('wan', '2001:db8:2::1/64');
    await pingAll(network, near, '-c', '3', '-i', '0.1', FAR);
    await pingAll(network, near, '-c', '1', '2001:db8:1::1');
    const { neighbours } = await gateway.client.request('show-neighbours', {});
    const entry = neighbours.find(({ address }) => address === FAR);
    assert.ok(entry?.mac, JSON.stringify(neighbours));
    assert.match(ip('-n', near, '-6', 'neighbour'), /2001:db8:1::1 dev eth0 lladdr .* router/);
    await pingAll(network, network.gateway, '-c', '1', NEAR);
    await pingAll(network, near, '-c', '1', '-I', 'eth0', linkLocalOf('lan'));
    const { output } = await ping(network, near, '-c', '1', '-W', '5', '2001:db8:2::99');
    assert.match(output, /Address unreachable/);
    assert.ok((await gateway.count('icmp6-nd-input/answered')) > 0);
  });

  const linkLocalOf = (name: string): string => {
    const links = JSON.parse(ip('-n', network.gateway, '-json', 'address', 'show', 'dev', name)) as {
      addr_info: { local: string }[];
    }[];
    return links[0]!.addr_info.find(({ local }) => local.startsWith('fe80:'))!.local;
  };

  it('is told by a host that another has its address, and does not use it until the link comes up again', async () => {
    ip('-n', near, 'address', 'add', '2001:db8:1::99/64', 'dev', 'eth0', 'nodad');
    const more = { ...LAN, addresses: [...LAN.addresses, '2001:db8:1::99/64'] };
    await gateway.give({ interfaces: [more, WAN] });
    await until('the duplicate is a problem', async () => {
      const { problems } = await gateway.client.request('status', {});
      return problems.some((problem) =>
        /^lan: [0-9a-f:]{17} has the address 2001:db8:1::99 too: it is not used/.test(problem),
      );
    });
    assert.ok(!(await shown('lan')).includes('2001:db8:1::99/64'));
    assert.doesNotMatch(ip('-n', network.gateway, 'address', 'show', 'dev', 'lan'), /::99/);
    await usable('lan', '2001:db8:1::1/64');

    ip('-n', near, 'address', 'del', '2001:db8:1::99/64', 'dev', 'eth0');
    ip('-n', near, 'link', 'set', 'eth0', 'down');
    await until('the link is down', async () => (await gateway.counters())[0]?.state === 'down');
    ip('-n', near, 'link', 'set', 'eth0', 'up');
    ip('-n', near, 'address', 'replace', `${NEAR}/64`, 'dev', 'eth0', 'nodad');
    await usable('lan', '2001:db8:1::99/64');
    await until('Linux has it', () =>
      /::99\/64/.test(ip('-n', network.gateway, 'address', 'show', 'dev', 'lan')),
    );
    await pingAll(network, near, '-c', '1', '2001:db8:1::99');
  });

  it('defends its address: a host that probes it gives it up', async () => {
    await usable('lan', '2001:db8:1::1/64');
    network.sync(near, 'sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=1');
    ip('-n', near, 'address', 'add', '2001:db8:1::1/64', 'dev', 'eth0');
    await until('Linux has seen the duplicate', () =>
      /2001:db8:1::1\/64.*dadfailed/.test(ip('-n', near, '-6', 'address', 'show', 'dev', 'eth0')),
    );
  });

  it('announces its addresses, so that who knew another MAC address moves', async () => {
    await usable('lan', '2001:db8:1::1/64');
    ip('-n', near, 'address', 'add', '10.1.0.2/24', 'dev', 'eth0');
    ip(
      '-n',
      near,
      'neighbour',
      'replace',
      '10.1.0.1',
      'lladdr',
      '02:00:00:00:00:99',
      'nud',
      'stale',
      'dev',
      'eth0',
    );
    ip(
      '-n',
      near,
      'neighbour',
      'replace',
      '2001:db8:1::1',
      'lladdr',
      '02:00:00:00:00:99',
      'nud',
      'stale',
      'dev',
      'eth0',
    );
    await gateway.end('SIGKILL');
    gateway.restart();
    await gateway.apply({ interfaces: [LAN, WAN] });
    const mac = (await gateway.counters()).find(({ name }) => name === 'lan')!.mac!;
    for (const address of ['10.1.0.1', '2001:db8:1::1']) {
      await until(`${address} has moved`, () =>
        new RegExp(`^${address} dev eth0 lladdr ${mac}`, 'm').test(ip('-n', near, 'neighbour')),
      );
    }
  });

  it('says who claims an IPv4 address of the box, and keeps it', async () => {
    ip('-n', near, 'address', 'add', '10.1.0.2/24', 'dev', 'eth0');
    await pingAll(network, near, '-c', '1', '10.1.0.1');
    ip('-n', near, 'address', 'add', '10.1.0.1/32', 'dev', 'eth0');
    network.sync(near, 'arping', '-q', '-c', '1', '-U', '-I', 'eth0', '-s', '10.1.0.1', '10.1.0.1');
    ip('-n', near, 'address', 'del', '10.1.0.1/32', 'dev', 'eth0');
    await until('the conflict is a problem', async () => {
      const { problems } = await gateway.client.request('status', {});
      return problems.some((problem) => /^lan: [0-9a-f:]{17} has the address 10\.1\.0\.1 too/.test(problem));
    });
    await pingAll(network, near, '-c', '1', '10.1.0.1');
  });
});
