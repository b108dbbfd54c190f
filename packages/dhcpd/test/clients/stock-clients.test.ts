// The clients that Debian has, behind a running gateway: ISC dhclient, busybox udhcpc, dhcpcd.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { addressOf, SERVER, type Site, startSite } from '../support/site.js';

describe('stock clients on a LAN', function () {
  this.timeout(120_000);
  let site: Site;
  const stations = new Map<string, LabNode>();
  let failed = false;

  before(async () => {
    site = await startSite({
      name: 'dhcp-clients',
      build: async (lab, gateway) => {
        const [hub] = await Promise.all([lab.bridge('switch')]);
        await lab.link(gateway.port('p0'), hub.port('gw0'));
        for (const name of ['isc', 'busybox', 'dhcpcd']) {
          const node = await lab.host(name);
          stations.set(name, node);
          await lab.link(node.port('eth0'), hub.port(`d-${name}`));
        }
      },
      config: {
        interfaces: [{ name: 'lan', device: 'p0', addresses: ['10.1.0.1/24'] }],
        dhcp: { servers: [SERVER] },
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const station = (name: string): LabNode => stations.get(name)!;
  const leaseOf = async (address: string | null) =>
    (await site.leases()).find((lease) => lease.address === address);
  const routesOf = async (node: LabNode) => (await node.run(['ip', '-4', 'route', 'show'])).stdout;

  it('ISC dhclient: an address, classless routes, name servers; it releases what it has', async () => {
    const node = station('isc');
    const args = ['-v', '-1', '-lf', node.path('dhclient.leases'), '-pf', node.path('dhclient.pid')];
    // The default asks for no classless routes.
    const conf = node.writeFile(
      'dhclient.conf',
      'option rfc3442 code 121 = array of unsigned integer 8;\nsend host-name "till-1";\nrequest subnet-mask, routers, domain-name-servers, domain-search, rfc3442, ntp-servers;\ntimeout 20;\n',
    );
    await node.run(['dhclient', ...args, '-cf', conf, '-sf', script(node), 'eth0']);
    const log = await until('the script to have run', () => readEnv(node));
    assert.match(log, /new_ip_address=10\.1\.0\.1\d\d/);
    assert.match(log, /new_subnet_mask=255\.255\.255\.0/);
    assert.match(log, /new_domain_name_servers=10\.1\.0\.1 192\.0\.2\.53/);
    assert.match(log, /new_domain_search=shop\.example\. example\./);
    assert.match(log, /new_rfc3442=0 10 1 0 1 16 10 9 10 1 0 254/);
    assert.match(log, /new_dhcp_server_identifier=10\.1\.0\.1/);
    const address = /new_ip_address=(\S+)/.exec(log)![1]!;
    const lease = await leaseOf(address);
    assert.deepEqual([lease?.state, lease?.host_name, lease?.network], ['bound', 'till-1', 'lan']);

    await node.run(['dhclient', '-v', '-r', ...args.slice(2), '-cf', conf, '-sf', script(node), 'eth0']);
    await until('the address to be free', async () => (await leaseOf(address))?.state === 'released');
  });

  it('busybox udhcpc: an address by which it reaches the gateway, and the same one after it was away', async () => {
    const node = station('busybox');
    const run = (...more: string[]) =>
      node.run(['udhcpc', '-i', 'eth0', '-n', '-q', '-t', '8', '-T', '1', '-s', script(node), ...more]);
    await run();
    const address = /ip=(\S+)/.exec(await until('the script to have run', () => readEnv(node)))![1]!;
    assert.equal(await addressOf(node), address);
    await node.run(['ping', '-c', '1', '-W', '5', '10.1.0.1']);
    const { stderr, stdout } = await run('-r', address);
    assert.match(`${stdout}${stderr}`, new RegExp(`lease of ${address.replaceAll('.', '\\.')} obtained`));
    await run('-B');
    assert.equal(await addressOf(node), address, 'asked for a broadcast, it has the same');
  });

  it('dhcpcd: an address after it has asked whether anybody has it, and routes', async () => {
    const node = station('dhcpcd');
    const conf = node.writeFile(
      'dhcpcd.conf',
      'duid\noption classless_static_routes\noption domain_name_servers\nnoipv6rs\nnoipv4ll\n',
    );
    await node.run(['dhcpcd', '-4', '-f', conf, '-1', '-t', '40', '--nohook', 'resolv.conf', 'eth0'], {
      deadlineMs: 60_000,
    });
    const address = await until('an address', () => addressOf(node));
    const routes = await routesOf(node);
    assert.match(routes, /default via 10\.1\.0\.1/);
    assert.match(routes, /10\.9\.0\.0\/16 via 10\.1\.0\.254/);
    const lease = await leaseOf(address);
    assert.equal(lease?.state, 'bound');
    assert.match(lease?.client_id ?? '', /^ff/, 'RFC 4361');
    await node.run(['dhcpcd', '-k', 'eth0'], { check: false });
  });

  it('shows them, and what it counted', async () => {
    assert.ok((await site.counter('ack')) >= 4);
    assert.ok((await site.counter('offer')) >= 3);
    assert.equal(await site.counter('malformed'), 0);
  });
});

/** A script that applies the address and writes down what it was told. */
function script(node: LabNode): string {
  const path = node.writeFile(
    'told.sh',
    [
      '#!/bin/sh',
      `case "$reason$1" in BOUND*|RENEW*|REBOOT*|bound|renew) env > ${node.path('told.env.new')} && mv ${node.path('told.env.new')} ${node.path('told.env')};; esac`,
      'case "$reason$1" in MEDIUM|PREINIT*) ip link set eth0 up;; esac',
      '[ -z "$new_ip_address" ] || ip=$new_ip_address',
      '[ -z "$ip" ] || { ip address flush dev eth0; ip address add "$ip/24" dev eth0; }',
      'exit 0',
      '',
    ].join('\n'),
  );
  chmodSync(path, 0o755);
  return path;
}

function readEnv(node: LabNode): string | null {
  const path = node.path('told.env');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
