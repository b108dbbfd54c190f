// The box as a router of a LAN: hosts of Linux get their address and their way out, and lose it when it goes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { processById, until } from '@sluice/shared';
import { addresses6, routes6 } from '../support/ip6-side.js';
import { type Site, startSite } from '../support/site.js';

const LAN = '2001:db8:1::1/64';
const ADVERTISED = {
  interface: 'lan',
  interval_s: 60,
  dns_servers: ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::3', '2001:db8:1::4'],
  domain_search: ['shop.example', 'example'],
  routes: [{ to: '2001:db8:90::/48', preference: 'high' as const }],
};

describe('router advertisements', function () {
  this.timeout(60_000);
  let site: Site;
  let host: LabNode;
  let guest: LabNode;
  let far: LabNode;
  let failed = false;

  before(async () => {
    site = await startSite({
      name: 'lan-ra',
      build: async (lab, gateway) => {
        [host, guest, far] = await Promise.all([
          lab.host('host', { ipv6: true }),
          lab.host('guest', { ipv6: true }),
          lab.host('far', { ipv6: true }),
        ]);
        await lab.link(gateway.port('p0'), host.port('eth0'));
        await lab.link(gateway.port('p1'), guest.port('eth0'));
        await lab.link(gateway.port('p2'), far.port('eth0', '2001:db8:9::2/64'));
        await far.route('default', '2001:db8:9::1');
      },
      config: {
        vrfs: [{ name: 'default' }, { name: 'guests' }],
        interfaces: [
          { name: 'lan', device: 'p0', addresses: [LAN, '10.1.0.1/24'], mtu: 1400 },
          { name: 'guest', device: 'p1', vrf: 'guests', addresses: ['2001:db8:2::1/64'] },
          { name: 'wan', device: 'p2', addresses: ['2001:db8:9::1/64'] },
        ],
        router_advertisements: [ADVERTISED, { interface: 'guest' }],
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  it('a host gets its address and its default route by SLAAC, and reaches what is behind the box', async () => {
    const [address] = await until('an address of the LAN', async () => {
      const all = await addresses6(host);
      return all.length > 0 ? all : null;
    });
    assert.match(address!, /^2001:db8:1:0?:/);
    const routes = await until('the default route', async () => {
      const all = await routes6(host);
      return all.includes('default via fe80::') ? all : null;
    });
    assert.match(routes, /default via fe80::\S+ dev eth0 proto ra .*mtu 1400/);
    await host.run(['ping', '-6', '-c', '1', '-W', '10', '2001:db8:9::2']);
    await far.run(['ping', '-6', '-c', '1', '-W', '10', address!]);
  });

  it('in another VRF too', async () => {
    const all = await until('an address of the guests', async () => {
      const found = await addresses6(guest);
      return found.length > 0 ? found : null;
    });
    assert.match(all[0]!, /^2001:db8:2:/);
    await guest.run(['ping', '-6', '-c', '1', '-W', '10', '2001:db8:2::1']);
  });

  it('answers who asks with all that the configuration says, as rdisc6 reads it', async () => {
    const { stdout } = await host.run(['rdisc6', '-1', '-r', '5', '-w', '4000', 'eth0'], {
      deadlineMs: 40_000,
    });
    assert.match(stdout, /Router lifetime\s+:\s+1800/);
    assert.match(stdout, /Router preference\s+:\s+medium/);
    assert.match(stdout, /Stateful address conf\.\s+:\s+No/);
    assert.match(stdout, /Prefix\s+:\s+2001:db8:1::\/64/);
    assert.match(stdout, /Valid time\s+:\s+86400/);
    assert.match(stdout, /MTU\s+:\s+1400 bytes/);
    assert.match(stdout, /Route\s+:\s+2001:db8:90::\/48/);
    for (const server of ADVERTISED.dns_servers) assert.ok(stdout.includes(server), `${server} in ${stdout}`);
    assert.match(stdout, /DNS search list\s+:\s+shop\.example\.? example/);
    assert.match(stdout, /from fe80::/);
  });

  it('goes on when its daemon is killed, and when this process is, which adopts it', async () => {
    const pidOf = () => {
      const file = `${site.gateway.runDir}/lan/radvd-lan.pid`;
      return existsSync(file) ? Number(JSON.parse(readFileSync(file, 'utf8')).pid) : null;
    };
    const first = pidOf()!;
    process.kill(first, 'SIGKILL');
    const second = await until('another radvd', () => {
      const pid = pidOf();
      return pid !== null && pid !== first && isRunning(pid) ? pid : null;
    });
    await site.settled();
    const { instance } = await site.dhcpd.request('status', {});
    const own = JSON.parse(readFileSync(`${site.gateway.runDir}/dhcpd.pid`, 'utf8')).pid as number;
    process.kill(own, 'SIGKILL');
    await until('another process to serve', async () => {
      const status = await site.dhcpd.request('status', {}, { deadlineMs: 1000 }).catch(() => null);
      return status !== null && status.instance !== instance && status.converged;
    });
    assert.equal(pidOf(), second);
    assert.ok(isRunning(second));
    await host.run(['rdisc6', '-1', '-r', '5', '-w', '4000', '-q', 'eth0'], { deadlineMs: 40_000 });
  });

  it('a change is told at once, and the end of it takes the route away', async () => {
    const [lan, ...others] = site.config.interfaces!;
    const second = { ...lan!, addresses: [...lan!.addresses!, '2001:db8:77::1/64'] };
    const changed = { ...site.config, interfaces: [second, ...others] };
    await site.reload({ ...changed, router_advertisements: [{ ...ADVERTISED, interval_s: 30 }] });
    await until('an address of the second prefix', async () =>
      (await addresses6(host)).some((text) => text.startsWith('2001:db8:77:')),
    );
    await site.reload({ ...changed, router_advertisements: [] });
    await until('no default route', async () => !(await routes6(host)).includes('default'));
  });
});

const isRunning = (pid: number): boolean => processById(pid) !== null;
