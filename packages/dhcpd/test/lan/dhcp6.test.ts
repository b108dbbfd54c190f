// DHCPv6 for the clients that Debian has, behind a running gateway: addresses, delegated prefixes with their routes, relays.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { addresses6, routes6 } from '../support/ip6-side.js';
import { type Site, startSite } from '../support/site.js';

const FAR = '2001:db8:9::2';

describe('DHCPv6 on a LAN', function () {
  this.timeout(90_000);
  let site: Site;
  let isc: LabNode;
  let dhcpcd: LabNode;
  let relay: LabNode;
  let remote: LabNode;
  let far: LabNode;
  let failed = false;

  before(async () => {
    site = await startSite({
      name: 'lan-dhcp6',
      build: async (lab, gateway) => {
        const ip6 = { ipv6: true };
        const hub = await lab.bridge('switch');
        isc = await lab.host('isc', ip6);
        dhcpcd = await lab.host('dhcpcd', ip6);
        far = await lab.host('far', ip6);
        relay = await lab.router('relay', ip6);
        remote = await lab.host('remote', ip6);
        await lab.link(gateway.port('p0'), hub.port('gw0'));
        await lab.link(isc.port('eth0'), hub.port('d-isc'));
        await lab.link(dhcpcd.port('eth0'), hub.port('d-dhcpcd'));
        await lab.link(gateway.port('p1'), far.port('eth0', `${FAR}/64`));
        await far.route('default', '2001:db8:9::1');
        await lab.link(gateway.port('p2'), relay.port('north', '2001:db8:6::2/64'));
        await lab.link(relay.port('south', '2001:db8:5::1/64'), remote.port('eth0'));
        await relay.route('default', '2001:db8:6::1');
      },
      config: {
        interfaces: [
          { name: 'lan', device: 'p0', addresses: ['2001:db8:1::1/64'] },
          { name: 'wan', device: 'p1', addresses: ['2001:db8:9::1/64'] },
          { name: 'hop', device: 'p2', addresses: ['2001:db8:6::1/64'] },
        ],
        routes: [{ prefix: '2001:db8:5::/64', next_hop: '2001:db8:6::2' }],
        router_advertisements: [
          { interface: 'lan', prefixes: [{ prefix: '2001:db8:1::/64', autonomous: false }] },
        ],
        dhcp6: {
          servers: [
            {
              interface: 'lan',
              pools: [{ range: '2001:db8:1::1000-2001:db8:1::1fff' }],
              delegation: [{ prefix: '2001:db8:f000::/40', length: 56 }],
              rapid_commit: true,
              options: { dns_servers: ['2001:db8:1::1'], domain_search: ['shop.example', 'example'] },
            },
            { subnet: '2001:db8:5::/64', pools: [{ range: '2001:db8:5::100-2001:db8:5::1ff' }] },
          ],
        },
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const leaseOf = async (address: string) => (await site.leases()).find((lease) => lease.address === address);
  const routeTo = async (prefix: string) =>
    (await site.dataplane.request('show-routes', { limit: 1000 })).routes.find(
      (route) => route.prefix === prefix,
    );
  const dhclient = (node: LabNode, ...more: string[]) =>
    node.run(
      [
        ...['dhclient', '-6', '-v', '-lf', node.path('leases'), '-pf', node.path('dhclient.pid')],
        ...['-sf', script(node), ...more, 'eth0'],
      ],
      { deadlineMs: 60_000 },
    );

  it('advertisements tell hosts to ask: the flags follow from the configuration', async () => {
    const { stdout } = await isc.run(['rdisc6', '-1', '-r', '5', '-w', '4000', 'eth0'], {
      deadlineMs: 40_000,
    });
    assert.match(stdout, /Stateful address conf\.\s+:\s+Yes/);
    assert.match(stdout, /Stateful other conf\.\s+:\s+Yes/);
  });

  it('ISC dhclient: an address, a prefix that is routed to it, names; it releases both', async () => {
    await dhclient(isc, '-1', '-N', '-P');
    const told = await until('the script to have run', () => {
      const text = readTold(isc);
      return text.includes('new_ip6_prefix=') && text.includes('new_ip6_address=') ? text : null;
    });
    const address = /new_ip6_address=(\S+)/.exec(told)![1]!;
    const prefix = /new_ip6_prefix=(\S+)/.exec(told)![1]!;
    assert.match(address, /^2001:db8:1::1[0-9a-f]{3}$/);
    assert.match(prefix, /^2001:db8:f0[0-9a-f]{2}:[0-9a-f]*00::\/56$/);
    assert.match(told, /new_dhcp6_name_servers=2001:db8:1::1/);
    assert.match(told, /new_dhcp6_domain_search=shop\.example\. example\./);
    assert.deepEqual(
      [(await leaseOf(address))?.state, (await leaseOf(prefix))?.state, (await leaseOf(prefix))?.network],
      ['bound', 'bound', 'lan'],
    );

    // What is behind the client is reached through it.
    const inside = prefix.replace('::/56', '::1');
    await isc.run(['ip', '-6', 'address', 'add', `${inside}/128`, 'dev', 'lo', 'nodad']);
    await isc.run(['ip', '-6', 'address', 'add', `${address}/64`, 'dev', 'eth0', 'nodad']);
    await until('the default route', async () => (await routes6(isc)).includes('default via fe80::'));
    await until('the route to the prefix', () => routeTo(prefix));
    await far.run(['ping', '-6', '-c', '1', '-W', '10', inside]);
    await far.run(['ping', '-6', '-c', '1', '-W', '10', address]);

    await dhclient(isc, '-r', '-N', '-P');
    await until('the address to be free', async () => (await leaseOf(address)) === undefined);
    await until('the route to go', async () => (await routeTo(prefix)) === undefined);
    assert.equal(await leaseOf(prefix), undefined);
  });

  it('dhcpcd: an address and a prefix, and the same ones with their route after the server and the data plane were killed', async () => {
    const conf = dhcpcd.writeFile(
      'dhcpcd.conf',
      'duid\nnoipv4\nnoipv6rs\noption rapid_commit\ninterface eth0\nia_na 1\nia_pd 2 lo/1\n',
    );
    const args = ['-6', '-f', conf, '-1', '-t', '40', '--nohook', 'resolv.conf', 'eth0'];
    await dhcpcd.run(['dhcpcd', ...args], { deadlineMs: 60_000 });
    const [address] = await until('an address', async () => {
      const all = await addresses6(dhcpcd);
      return all.length > 0 ? all : null;
    });
    const prefix = (await until('a prefix', async () =>
      (await site.leases()).find((lease) => lease.address.endsWith('/56')),
    ))!.address;
    await until('the route to the prefix', () => routeTo(prefix));
    for (const name of ['dhcpd', 'dataplane']) {
      const pid = JSON.parse(readFileSync(`${site.gateway.runDir}/${name}.pid`, 'utf8')).pid as number;
      process.kill(pid, 'SIGKILL');
      await until(`another ${name}`, () => {
        const now = JSON.parse(readFileSync(`${site.gateway.runDir}/${name}.pid`, 'utf8')).pid as number;
        return now !== pid;
      });
    }
    await until('the route to the prefix again', () => routeTo(prefix).catch(() => undefined), {
      deadlineMs: 30_000,
    });
    await site.settled();
    assert.equal((await leaseOf(address!))?.state, 'bound');
    assert.equal((await leaseOf(prefix))?.state, 'bound');
    await dhcpcd.run(['dhcpcd', '-x', 'eth0'], { check: false });
  });

  it('a client behind the relay of ISC', async () => {
    await relay.start(['dhcrelay', '-6', '-d', '-l', 'south', '-u', '2001:db8:6::1%north'], {
      ready: { log: /Socket\/south|Sending on|Listening on/ },
    });
    await dhclient(remote, '-1');
    const told = await until('the script to have run', () => {
      const text = readTold(remote);
      return text.includes('new_ip6_address=') ? text : null;
    });
    const address = /new_ip6_address=(\S+)/.exec(told)![1]!;
    assert.match(address, /^2001:db8:5::1[0-9a-f]{2}$/);
    assert.equal((await leaseOf(address))?.network, '2001:db8:5::/64');
    await remote.run(['dhclient', '-6', '-x', '-pf', remote.path('dhclient.pid')], { check: false });
  });

  it('options alone, and none of it was malformed or lost', async () => {
    await dhclient(isc, '-1', '-S');
    assert.ok((await site.counter('dhcp6_information')) >= 1);
    for (const name of ['dhcp6_malformed', 'dhcp6_not_sent', 'dhcp6_not_written', 'dhcp6_no_network'])
      assert.equal(await site.counter(name), 0, name);
  });
});

/** A script that writes down what it was told. */
function script(node: LabNode): string {
  const path = node.writeFile(
    'told.sh',
    `#!/bin/sh\ncase "$reason" in BOUND6|RENEW6|REBIND6) env >> ${node.path('told.env')};; PREINIT6) ip link set "$interface" up;; esac\nexit 0\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

function readTold(node: LabNode): string {
  const path = node.path('told.env');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
