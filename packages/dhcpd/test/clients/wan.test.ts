// The box's own interfaces as clients of Debian's kea-dhcp4, while it forwards: a WAN, and one in a VRF of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type LabNode, type NodeProcess, startKea } from '@sluice/lab';
import { type DhcpClientReport, until } from '@sluice/shared';
import { type Site, startSite } from '../support/site.js';

const FAR = '203.0.113.1';
/** The shortest that udhcpc believes; it renews after half of it. */
const LEASE_S = 16;

interface Pool {
  subnet: string;
  pool: string;
  options: { name: string; data: string }[];
}

const WAN: Pool = {
  subnet: '198.51.100.0/24',
  pool: '198.51.100.50 - 198.51.100.50',
  options: [
    { name: 'routers', data: '198.51.100.1' },
    { name: 'domain-name-servers', data: '198.51.100.53, 198.51.100.54' },
    { name: 'domain-name', data: 'isp.example' },
    { name: 'interface-mtu', data: '1400' },
  ],
};
const GUEST: Pool = {
  subnet: '100.64.0.0/24',
  pool: '100.64.0.9 - 100.64.0.9',
  options: [
    { name: 'routers', data: '100.64.0.254' },
    // RFC 3442: 203.0.113.0/24 via 100.64.0.1, and 192.0.2.0/25 on the link.
    { name: 'classless', data: '18CB00716440000119C000020000000000' },
  ],
};

describe('interfaces that ask for their addresses', function () {
  this.timeout(90_000);
  let site: Site;
  let isp: LabNode;
  let host: LabNode;
  let kea: NodeProcess;
  let failed = false;

  const serve = (wan: Pool): Promise<NodeProcess> => {
    const subnet = ({ subnet, pool, options }: Pool, id: number, eth: string) => ({
      ...{ id, subnet, interface: eth, pools: [{ pool }] },
      'option-data': options,
    });
    return startKea(isp, {
      family: 4,
      devices: ['eth0', 'eth1'],
      name: `kea-${keas++}`,
      config: {
        'valid-lifetime': LEASE_S,
        authoritative: true,
        'option-def': [{ name: 'classless', code: 121, space: 'dhcp4', type: 'binary' }],
        subnet4: [subnet(wan, 1, 'eth0'), subnet(GUEST, 2, 'eth1')],
      },
    });
  };
  let keas = 0;

  before(async () => {
    site = await startSite({
      name: 'dhcp-wan',
      build: async (lab, gateway) => {
        [isp, host] = await Promise.all([lab.host('isp'), lab.host('host')]);
        await lab.link(gateway.port('p0'), isp.port('eth0', '198.51.100.1/24'));
        await lab.link(gateway.port('p1'), host.port('eth0', '10.1.0.10/24'));
        await host.route('default', '10.1.0.1');
        await lab.link(gateway.port('p2'), isp.port('eth1', '100.64.0.1/24'));
        await isp.run(['ip', 'address', 'add', `${FAR}/32`, 'dev', 'lo']);
        await isp.route('10.1.0.0/24', '198.51.100.50');
        kea = await serve(WAN);
      },
      config: {
        hostname: 'shop-7',
        vrfs: [{ name: 'guest' }],
        interfaces: [
          { name: 'wan', device: 'p0', dhcp_client: {} },
          { name: 'lan', device: 'p1', addresses: ['10.1.0.1/24'] },
          { name: 'wan7', device: 'p2', vrf: 'guest', dhcp_client: { client_id: '00:73:37' } },
        ],
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const report = async (name: string): Promise<DhcpClientReport> => {
    const { clients } = await site.dhcpd.request('show-dhcp', {}, { deadlineMs: 1000 });
    return clients.find((client) => client.interface === name)!;
  };
  const bound = (name: string, address: string): Promise<unknown> =>
    until(`${name} to have ${address}`, async () => (await report(name))?.lease?.address === address, {
      deadlineMs: 30_000,
    });
  const pings = async (): Promise<boolean> =>
    (await host.run(['ping', '-c', '1', '-W', '1', FAR], { check: false })).code === 0;
  const onTwin = async (name: string): Promise<string> =>
    (await site.gateway.run(['ip', '-4', '-br', 'address', 'show', 'dev', name])).stdout;
  const reachable = (): Promise<unknown> => until('the far host to answer', pings, { deadlineMs: 30_000 });

  it('get address, router, MTU and name servers, and forward by them', async () => {
    await bound('wan', '198.51.100.50/24');
    const { state, lease } = await report('wan');
    assert.equal(state, 'bound');
    assert.deepEqual(
      [lease?.server, lease?.routers, lease?.dns_servers, lease?.domain, lease?.mtu],
      ['198.51.100.1', ['198.51.100.1'], ['198.51.100.53', '198.51.100.54'], 'isp.example', 1400],
    );
    await reachable();
    await until('Linux to have the address', async () => (await onTwin('wan')).includes('198.51.100.50/24'));
    assert.match((await site.gateway.run(['ip', 'link', 'show', 'wan'])).stdout, /mtu 1400/);
    assert.match(kea.log(), /DHCP4_LEASE_ALLOC.*198\.51\.100\.50/);
  });

  it('do so in a VRF, too, by the client identifier of the configuration, with classless routes', async () => {
    await bound('wan7', '100.64.0.9/24');
    assert.match(kea.log(), /cid=\[00:73:37\].*100\.64\.0\.9/);
    const routes = async (): Promise<string> =>
      (await site.gateway.run(['ip', '-n', 'sluice-guest', '-4', 'route'])).stdout;
    await until('the routes to be there', async () => /203\.0\.113\.0\/24/.test(await routes()));
    const shown = await routes();
    assert.match(shown, /203\.0\.113\.0\/24 via 100\.64\.0\.1 dev wan7/);
    assert.match(shown, /192\.0\.2\.0\/25 dev wan7/);
    assert.doesNotMatch(shown, /default/, 'option 3 counts beside option 121');
  });

  it('keep their addresses while the DHCP process, its clients and the agent are killed', async () => {
    const monitor = await site.gateway.start(['ip', '-4', 'monitor', 'address'], { name: 'addresses' });
    for (const name of ['dhcpd', 'dhcp-client-wan', 'dhcp-client-wan7', 'agent']) {
      const pid = site.gateway.processes().get(name)!;
      process.kill(pid, 'SIGKILL');
      await until(`${name} to run again`, () => {
        const next = site.gateway.processes().get(name);
        return next !== undefined && next !== pid;
      });
      await site.settled();
      await bound('wan', '198.51.100.50/24');
    }
    await reachable();
    assert.doesNotMatch(monitor.log(), /Deleted/);
    await monitor.stop();
    // The one that an earlier DHCP process had started has ended with it.
    const { stdout } = await site.gateway.run(['pgrep', '-cf', '^/sbin/udhcpc -f -i wan ']);
    assert.equal(stdout.trim(), '1');
  });

  it('lose their address when its time is over and nobody answers, and take another', async () => {
    await kea.stop();
    await until('the lease to end', async () => (await report('wan')).state === 'asking', {
      deadlineMs: 60_000,
    });
    await until('the address to go', async () => !(await onTwin('wan')).includes('198.51.100'));
    assert.equal(await pings(), false);
    kea = await serve({ ...WAN, pool: '198.51.100.60 - 198.51.100.60' });
    await bound('wan', '198.51.100.60/24');
    await until('Linux to have it', async () => (await onTwin('wan')).includes('198.51.100.60/24'));
  });

  it('give it back when the configuration does not ask any more', async () => {
    const { interfaces = [], ...rest } = site.config;
    await site.reload({
      ...rest,
      interfaces: interfaces.map(({ dhcp_client: client, ...entry }) =>
        entry.name === 'wan' || client === undefined ? entry : { ...entry, dhcp_client: client },
      ),
    });
    const log = readFileSync(`${site.gateway.runDir}/dhcp-client-wan.log`, 'utf8');
    assert.match(log, /unicasting a release of 198\.51\.100\.60 to 198\.51\.100\.1/);
    await until('the address to go', async () => !(await onTwin('wan')).includes('198.51.100'));
    assert.deepEqual(
      [...site.gateway.processes().keys()].filter((name) => name.startsWith('dhcp-client')),
      ['dhcp-client-wan7'],
    );
  });
});
