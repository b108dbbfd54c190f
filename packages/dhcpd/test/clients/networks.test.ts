// Networks other than a plain LAN: behind dhcrelay, in another VRF by a VLAN, on a bridge; and an address that is taken.
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { addressOf, type Site, startSite } from '../support/site.js';

const GUESTS = 'guests';

describe('DHCP behind a relay, in a VRF, on a bridge', function () {
  this.timeout(120_000);
  let site: Site;
  let failed = false;
  const nodes = new Map<string, LabNode>();
  const node = (name: string): LabNode => nodes.get(name)!;

  before(async () => {
    site = await startSite({
      name: 'dhcp-networks',
      build: async (lab, gateway) => {
        for (const name of ['far', 'guest', 'taken', 'new']) nodes.set(name, await lab.host(name));
        nodes.set('relay', await lab.router('relay'));
        await lab.link(gateway.port('p0'), node('relay').port('north', '10.1.0.2/24'));
        await lab.link(node('relay').port('south', '10.5.0.1/24'), node('far').port('eth0'));
        await lab.link(gateway.port('p1'), node('guest').port('eth0'));
        await lab.link(gateway.port('p2'), node('taken').port('eth0', '10.3.0.100/24'));
        await lab.link(gateway.port('p3'), node('new').port('eth0'));
      },
      config: {
        vrfs: [{ name: 'default' }, { name: GUESTS }],
        interfaces: [
          { name: 'lan', device: 'p0', addresses: ['10.1.0.1/24'] },
          { name: 'wifi', device: 'p1', vrf: GUESTS, addresses: ['10.1.0.1/24'] },
          { name: 'b0', device: 'p2' },
          { name: 'b1', device: 'p3' },
        ],
        bridges: [{ name: 'shop', members: ['b0', 'b1'], addresses: ['10.3.0.1/24'] }],
        routes: [{ prefix: '10.5.0.0/24', next_hop: '10.1.0.2' }],
        dhcp: {
          servers: [
            { subnet: '10.5.0.0/24', pools: [{ range: '10.5.0.10-10.5.0.20' }], probe_ms: 100 },
            { interface: 'wifi', pools: [{ range: '10.1.0.50-10.1.0.60' }], probe_ms: 100 },
            { interface: 'shop', pools: [{ range: '10.3.0.100-10.3.0.101' }], probe_ms: 2000 },
          ],
        },
      },
    });
    await node('relay').route('default', '10.1.0.1');
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(async () => {
    await site?.stop(failed);
  });

  const ask = (name: string) =>
    node(name).run(
      [
        'udhcpc',
        '-i',
        'eth0',
        '-n',
        '-q',
        '-t',
        '10',
        '-T',
        '1',
        '-s',
        applying(node(name)),
        '-x',
        `hostname:${name}`,
      ],
      { deadlineMs: 40_000 },
    );
  const lease = async (address: string, vrf = 'default') =>
    (await site.leases()).find((one) => one.address === address && one.vrf === vrf);

  it("serves a client behind dhcrelay, and knows the relay's port", async () => {
    const relay = node('relay');
    await relay.start(['dhcrelay', '-4', '-d', '-a', '-id', 'south', '-iu', 'north', '10.1.0.1'], {
      ready: { udp: 67 },
    });
    await ask('far');
    const address = await addressOf(node('far'));
    assert.match(address ?? '', /^10\.5\.0\.1\d$/);
    const found = await lease(address!);
    assert.equal(found?.network, '10.5.0.0/24');
    assert.equal(found?.host_name, 'far');
    assert.equal(Buffer.from(found?.circuit_id ?? '', 'hex').toString(), 'south');
  });

  it('serves a VRF of its own, whatever addresses others have', async () => {
    await ask('guest');
    const address = await addressOf(node('guest'));
    assert.match(address ?? '', /^10\.1\.0\.5\d$/);
    assert.equal((await lease(address!, GUESTS))?.network, 'wifi');
    await node('guest').run(['ping', '-c', '1', '-W', '5', '10.1.0.1']);
  });

  it('does not offer an address that somebody on the bridge has', async () => {
    // The bridge has heard nothing of that station yet, nor has the gateway.
    await ask('new');
    assert.equal(await addressOf(node('new')), '10.3.0.101');
    assert.equal((await lease('10.3.0.100'))?.state, 'declined');
    assert.equal(await site.counter('conflict'), 1);
  });

  it('keeps leases through kill -9 of the server, and serves on', async () => {
    const before = await site.leases();
    const pid = site.gateway.processes().get('dhcpd')!;
    process.kill(pid, 'SIGKILL');
    await until('another server to run', () => {
      const now = site.gateway.processes().get('dhcpd');
      return now !== undefined && now !== pid;
    });
    await site.settled();
    await until('the leases to be there again', async () => {
      assert.deepEqual(await site.leases(), before);
      return true;
    });
    const address = await addressOf(node('guest'));
    await ask('guest');
    assert.equal(await addressOf(node('guest')), address);
  });
});

function applying(node: LabNode): string {
  const lines = [
    '#!/bin/sh',
    '[ "$1" = bound ] || [ "$1" = renew ] || exit 0',
    'ip address flush dev eth0',
    'ip address add "$ip/$mask" dev eth0',
    '[ -z "$router" ] || ip route replace default via "$router"',
    '',
  ];
  const path = node.writeFile('apply.sh', lines.join('\n'));
  chmodSync(path, 0o755);
  return path;
}
