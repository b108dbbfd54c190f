// A box that knows nothing of IPv6: Debian's kea-dhcp6 and radvd as its provider give it address, prefix and way out, and its
// LAN lives by them.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { type LabNode, type NodeProcess, startKea } from '@sluice/lab';
import { type Dhcp6ClientLease, until } from '@sluice/shared';
import { addresses6 } from '../support/ip6-side.js';
import { type Site, startSite } from '../support/site.js';

const FAR = '2001:db8:99::2';
const WAN = '2001:db8:1::50';
const FIRST = '2001:db8:f000::/56';
const SECOND = '2001:db8:e000::/56';
/** It renews after a few seconds, and has time to spare on a busy machine. */
const TIMES = {
  'renew-timer': 4,
  'rebind-timer': 20,
  'preferred-lifetime': 60,
  'valid-lifetime': 90,
};
const RADVD = `interface eth0 {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvManagedFlag on;
  prefix 2001:db8:1::/64 { };
};
`;

describe('an interface that asks by DHCPv6', function () {
  this.timeout(90_000);
  let site: Site;
  let isp: LabNode;
  let host: LabNode;
  let kea: NodeProcess;
  let keas = 0;
  let failed = false;

  const serve = (prefix: string): Promise<NodeProcess> =>
    startKea(isp, {
      family: 6,
      devices: ['eth0'],
      name: `kea-${keas++}`,
      config: {
        ...TIMES,
        'option-data': [
          { name: 'dns-servers', data: '2001:db8:99::53' },
          { name: 'domain-search', data: 'isp.example' },
        ],
        subnet6: [
          {
            ...{ id: 1, subnet: '2001:db8:1::/64', interface: 'eth0' },
            pools: [{ pool: `${WAN} - ${WAN}` }],
            'pd-pools': [{ prefix: prefix.split('/')[0], 'prefix-len': 56, 'delegated-len': 56 }],
          },
        ],
      },
    });

  before(async () => {
    site = await startSite({
      name: 'dhcp6-wan',
      build: async (lab, gateway) => {
        const far = await lab.host('far', { ipv6: true });
        host = await lab.host('host', { ipv6: true });
        isp = await lab.router('isp', { ipv6: true });
        await lab.link(gateway.port('p0'), isp.port('eth0', '2001:db8:1::1/64'));
        await lab.link(isp.port('eth1', '2001:db8:99::1/64'), far.port('eth0', `${FAR}/64`));
        await far.route('default', '2001:db8:99::1');
        await lab.link(gateway.port('p1'), host.port('eth0'));
        for (const prefix of [FIRST, SECOND])
          await isp.run(['ip', '-6', 'route', 'add', prefix, 'via', WAN, 'dev', 'eth0']);
        await isp.start(['radvd', '-n', '-m', 'stderr', '-C', isp.writeFile('radvd.conf', RADVD)], {
          name: 'radvd',
        });
        kea = await serve(FIRST);
      },
      config: {
        interfaces: [
          {
            ...{ name: 'wan', device: 'p0', ipv6: { accept_ra: true } },
            dhcp6_client: { prefix_delegation: { length: 56, assign: [{ interface: 'lan', subnet: 7 }] } },
          },
          { name: 'lan', device: 'p1' },
        ],
        router_advertisements: [{ interface: 'lan' }],
        dhcp6: { servers: [{ interface: 'lan', pools: [{ range: '::100-::1ff' }] }] },
        dns: { forwarders: [{ interfaces: ['lan'] }] },
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const lease = async (): Promise<Dhcp6ClientLease | null> => {
    const { clients6 } = await site.dhcpd.request('show-dhcp', {}, { deadlineMs: 1000 });
    return clients6[0]?.lease ?? null;
  };
  const delegated = (prefix: string | null): Promise<unknown> =>
    until(`${prefix} to be delegated`, async () => ((await lease())?.prefix?.prefix ?? null) === prefix, {
      deadlineMs: 60_000,
    });
  const ofHost = (prefix: string): Promise<string> =>
    until(`the host to have an address of ${prefix}`, async () => {
      return (await addresses6(host)).find((address) => address.startsWith(prefix)) ?? null;
    });
  const reachable = (from: string): Promise<unknown> =>
    until(`the far host to answer ${from}`, async () => {
      const ping = ['ping', '-6', '-c', '1', '-W', '1', '-I', from, FAR];
      return (await host.run(ping, { check: false })).code === 0;
    });
  /** The address that ISC's dhclient is given, with what it was given before. */
  const asked = async (): Promise<string> => {
    const told = host.path('told');
    const script = host.writeFile('told.sh', `#!/bin/sh\necho "$reason $new_ip6_address" >> ${told}\n`);
    chmodSync(script, 0o755);
    host.writeFile('told', '');
    const files = ['-lf', host.path('leases6'), '-pf', host.path('dhclient.pid'), '-sf', script];
    await host.run(['dhclient', '-6', '-1', '-N', ...files, 'eth0'], { deadlineMs: 60_000 });
    const address = await until(
      'an address by DHCPv6',
      () => /^(?:BOUND6|REBIND6|RENEW6) (\S+)$/m.exec(readFileSync(told, 'utf8'))?.[1],
    );
    // Without a word to the server: it is to come back with what it had.
    await host.run(['dhclient', '-6', '-x', ...files, 'eth0']);
    return address;
  };
  const onTwin = async (name: string): Promise<string> =>
    (await site.gateway.run(['ip', '-6', '-br', 'address', 'show', 'dev', name])).stdout;

  it('gets address, prefix and name servers, and a host of the LAN reaches the world by them', async () => {
    await delegated(FIRST);
    const given = await lease();
    assert.deepEqual(
      [given?.addresses.map(({ address }) => address), given?.dns_servers, given?.domain_search],
      [[WAN], ['2001:db8:99::53'], ['isp.example']],
    );
    await until('Linux to have the addresses', async () => (await onTwin('wan')).includes(`${WAN}/128`));
    // The one that it has made of what the router says.
    await until('a second address of it', async () =>
      /2001:db8:1:0?:[0-9a-f:]+\/64/.test(await onTwin('wan')),
    );
    await until('the LAN to have its', async () => (await onTwin('lan')).includes('2001:db8:f000:7::1/64'));
    await reachable(await ofHost('2001:db8:f000:7:'));
    const conf = readFileSync(`${site.gateway.runDir}/lan/dnsmasq-lan.conf`, 'utf8');
    assert.match(conf, /^server=2001:db8:99::53$/m);
  });

  it('serves the LAN by DHCPv6 of its subnet', async () => {
    assert.match(await asked(), /^2001:db8:f000:7::1[0-9a-f]{2}$/);
  });

  it('refuses what nobody has of the prefix, and does not send it back to the provider', async () => {
    const { stdout } = await host.run(['ping', '-6', '-c', '1', '-W', '5', '2001:db8:f000:8::1'], {
      check: false,
    });
    assert.match(stdout, /Destination unreachable/);
  });

  it('tells hosts no longer lifetimes than its own', async () => {
    const { stdout } = await host.run(['rdisc6', '-1', '-r', '5', '-w', '4000', 'eth0'], {
      deadlineMs: 40_000,
    });
    const [, valid, preferred] =
      /: 2001:db8:f000:7::\/64\n.*\n.*\n? +Valid time +: +(\d+).*\n +Pref\. time +: +(\d+)/.exec(stdout) ??
      [];
    assert.ok(Number(valid) > 0 && Number(valid) <= TIMES['valid-lifetime'], stdout);
    assert.ok(Number(preferred) <= TIMES['preferred-lifetime'], stdout);
  });

  it('renews', async () => {
    const before = (await lease())!;
    await until('a renewal', async () => (await lease())!.obtained_ms > before.obtained_ms + 1000, {
      deadlineMs: 30_000,
    });
    await until('kea to say so', () => /DHCP6_PD_LEASE_RENEW/.test(kea.log()));
    assert.equal((await lease())?.prefix?.prefix, FIRST);
  });

  it('keeps all of it while the DHCP process, its client and the agent are killed', async () => {
    const monitor = await site.gateway.start(['ip', '-6', 'monitor', 'address'], { name: 'addresses' });
    for (const name of ['dhcpd', 'dhcp6-client-wan', 'agent']) {
      const pid = site.gateway.processes().get(name)!;
      process.kill(pid, 'SIGKILL');
      await until(`${name} to run again`, () => {
        const next = site.gateway.processes().get(name);
        return next !== undefined && next !== pid;
      });
      await site.settled();
      await delegated(FIRST);
    }
    await reachable(await ofHost('2001:db8:f000:7:'));
    assert.doesNotMatch(monitor.log(), /Deleted/);
    await monitor.stop();
    // All processes of those that were killed have ended with them.
    await until('one client', async () => {
      // Those of this gateway's network alone.
      const count = 'pgrep --ns $$ --nslist net -cf "^dhcpcd: wan "';
      const { stdout } = await site.gateway.run(['sh', '-c', count], { check: false });
      return stdout.trim() === '1';
    });
  });

  it('follows the prefix, and deprecates the old one for hosts', async () => {
    await kea.stop();
    kea = await serve(SECOND);
    await delegated(SECOND);
    await reachable(await ofHost('2001:db8:e000:7:'));
    await until('the LAN to have only the new one', async () => {
      const text = await onTwin('lan');
      return text.includes('2001:db8:e000:7::1/64') && !text.includes('2001:db8:f000:');
    });
    await until('the old address to be deprecated', async () => {
      const { stdout } = await host.run(['ip', '-6', 'address', 'show', 'dev', 'eth0', 'deprecated']);
      return stdout.includes('2001:db8:f000:7:');
    });
    // A client that has an address of the old one comes back.
    await until('an address of the new one by DHCPv6', async () =>
      /^2001:db8:e000:7::1[0-9a-f]{2}$/.test(await asked()),
    );
    assert.deepEqual(
      (await lease())?.withdrawn.map(({ prefix }) => prefix),
      [FIRST],
    );
  });

  it('gives it back when the configuration does not ask any more', async () => {
    const [wan, lan] = site.config.interfaces!;
    const { dhcp6_client: _client, ...rest } = wan!;
    await site.reload({
      ...site.config,
      dhcp6: {},
      interfaces: [rest, { ...lan!, addresses: ['2001:db8:5::1/64'] }],
    });
    await until('kea to have it back', () => /DHCP6_RELEASE_PD/.test(kea.log()));
    await until('the address to go', async () => !(await onTwin('wan')).includes(WAN));
    assert.ok(![...site.gateway.processes().keys()].includes('dhcp6-client-wan'));
  });
});
