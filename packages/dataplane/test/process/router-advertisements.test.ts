// Router advertisements of Debian's radvd on a WAN: address, default route with preference, timers, MTU; and their end.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RouteReport, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network, type Running } from './support/network.js';
import { pingAll } from './support/ping.js';

const WAN = port('wan', 'p0', [], { ipv6: { accept_ra: true, dad_transmits: 1 } });
const LAN = port('lan', 'p1', ['2001:db8:1::1/64']);
const ROUTER = '2001:db8:77::1';
const BEHIND = '2001:db8:99::1';

describe('data plane process and router advertisements', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let isp: string;
  let directory: string;
  const daemons: Running[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-ra-'));
    network = new Network();
    isp = network.namespace('isp');
    network.wire('p0', isp);
    network.sync(
      isp,
      'sysctl',
      '-qw',
      'net.ipv6.conf.eth0.disable_ipv6=0',
      'net.ipv6.conf.lo.disable_ipv6=0',
      'net.ipv6.conf.eth0.accept_dad=0',
      'net.ipv6.conf.all.forwarding=1',
    );
    ip('-n', isp, 'address', 'add', `${ROUTER}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', isp, 'address', 'add', `${BEHIND}/128`, 'dev', 'lo');
    network.wire('p1', network.namespace('lan'));
    gateway = new Gateway(network);
  });

  afterEach(async () => {
    await gateway?.close();
    await network?.close();
    daemons.length = 0;
    rmSync(directory, { recursive: true, force: true });
  });

  /** Starts radvd with these settings of the interface. */
  const advertise = (settings: string): Running => {
    const file = join(directory, `radvd-${daemons.length}.conf`);
    writeFileSync(
      file,
      `interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; ${settings} };`,
    );
    const daemon = network.start(
      isp,
      'radvd',
      '-n',
      '-C',
      file,
      '-p',
      `${file}.pid`,
      '-m',
      'stderr',
      '-d',
      '1',
    );
    daemons.push(daemon);
    return daemon;
  };
  const PREFIX = 'prefix 2001:db8:77::/64 { AdvOnLink on; AdvAutonomous on; };';

  const addresses = async (name: string): Promise<string[]> =>
    ((await gateway.counters()).find((each) => each.name === name)?.addresses ?? []).filter(
      (address) => !address.startsWith('fe80:'),
    );
  const defaults = async (): Promise<RouteReport[]> =>
    (await gateway.client.request('show-routes', {})).routes.filter(
      ({ prefix, kind }) => prefix === '::/0' && kind === 'advertised',
    );

  it('makes an address and a default route of them, which Linux has too, and uses both', async () => {
    advertise(`AdvDefaultPreference high; AdvLinkMTU 1400; AdvRetransTimer 500; ${PREFIX}`);
    await gateway.apply({ interfaces: [LAN, WAN] });
    const [address] = await until('there is an address', async () => {
      const all = await addresses('wan');
      return all.length > 0 && all;
    });
    assert.match(address!, /^2001:db8:77:0?:?[0-9a-f:]+\/64$/);
    const [route] = await until('there is a default route', async () => {
      const routes = await defaults();
      return routes.length > 0 && routes;
    });
    assert.equal(route?.next_hops[0]?.interface, 'wan');
    assert.match(route?.next_hops[0]?.address ?? '', /^fe80::/);
    const linuxHasBoth = (): boolean =>
      /default via fe80::.* dev wan proto 171/.test(ip('-n', network.gateway, '-6', 'route')) &&
      ip('-n', network.gateway, 'address', 'show', 'dev', 'wan').includes(address!);
    await until('Linux has both', linuxHasBoth);
    await pingAll(network, network.gateway, '-c', '2', ROUTER);
    await pingAll(network, network.gateway, '-c', '2', BEHIND);
    await pingAll(network, isp, '-c', '2', address!.replace('/64', ''));
    const { neighbours } = await gateway.client.request('show-neighbours', {});
    assert.ok(
      neighbours.some((each) => each.router && each.address.startsWith('fe80:')),
      JSON.stringify(neighbours),
    );
    assert.deepEqual(await addresses('lan'), ['2001:db8:1::1/64']);

    // The same address after a restart: stable, though nobody could tell it from the MAC address.
    const mac = (await gateway.counters()).find(({ name }) => name === 'wan')!.mac!;
    assert.ok(!address!.includes('ff:fe'), `${address} ${mac}`);
    await gateway.end('SIGKILL');
    gateway.restart();
    await gateway.apply({ interfaces: [LAN, WAN] });
    await until('the address is back', async () => (await addresses('wan')).includes(address!));
    await until('Linux has both again', linuxHasBoth);
    await pingAll(network, network.gateway, '-c', '1', BEHIND);
  });

  it('lets go of a router that says goodbye', async () => {
    const daemon = advertise(PREFIX);
    await gateway.apply({ interfaces: [WAN] });
    await until(
      'it is learnt',
      async () => (await defaults()).length === 1 && (await addresses('wan')).length === 1,
    );
    daemon.child.kill('SIGTERM');
    await until('it is gone', async () => (await defaults()).length === 0);
    await until('on Linux too', () => !/default/.test(ip('-n', network.gateway, '-6', 'route')));
    assert.equal((await addresses('wan')).length, 1, 'its address is valid still');
  });

  it('lets go of everything in time when a router falls silent', async () => {
    const daemon = advertise(
      'AdvDefaultLifetime 4; prefix 2001:db8:77::/64 { AdvValidLifetime 5; AdvPreferredLifetime 4; };',
    );
    await gateway.apply({ interfaces: [WAN] });
    await until(
      'it is learnt',
      async () => (await defaults()).length === 1 && (await addresses('wan')).length === 1,
    );
    daemon.child.kill('SIGKILL');
    await until(
      'all of it is gone',
      async () => (await defaults()).length === 0 && (await addresses('wan')).length === 0,
    );
    await until(
      'Linux has let go too',
      () => !ip('-n', network.gateway, 'address', 'show', 'dev', 'wan').includes('2001:db8:77'),
    );
  });

  it('listens only where it was asked to', async () => {
    advertise(PREFIX);
    await gateway.apply({ interfaces: [{ ...WAN, ipv6: { accept_ra: false, dad_transmits: 1 } }] });
    await until(
      'advertisements have come',
      async () => (await gateway.count('icmp6-nd-input/router_not_asked')) > 0,
    );
    assert.deepEqual(await addresses('wan'), []);
    assert.deepEqual(await defaults(), []);
    await gateway.apply({ interfaces: [WAN] });
    await until(
      'now it does',
      async () => (await defaults()).length === 1 && (await addresses('wan')).length === 1,
    );
    await gateway.apply({ interfaces: [{ ...WAN, ipv6: { accept_ra: false, dad_transmits: 1 } }] });
    assert.deepEqual(await defaults(), []);
    assert.deepEqual(await addresses('wan'), []);
  });
});
