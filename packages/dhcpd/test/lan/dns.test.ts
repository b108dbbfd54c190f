// DNS for a LAN: what the device's servers say, hosts of the configuration, clients of DHCP by the names that they tell.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { processById, until } from '@sluice/shared';
import { SERVER, type Site, startSite } from '../support/site.js';

const FORWARDER = {
  interfaces: ['lan'],
  domain: 'shop.example',
  hosts: [{ name: 'printer', addresses: ['10.1.0.9', '2001:db8:1::9'] }],
  zones: [{ domain: 'corp.example', servers: ['10.9.0.3'] }],
};

describe('DNS on a LAN', function () {
  this.timeout(60_000);
  let site: Site;
  let host: LabNode;
  let far: LabNode;
  let failed = false;

  before(async () => {
    site = await startSite({
      name: 'lan-dns',
      build: async (lab, gateway) => {
        [host, far] = await Promise.all([lab.host('host', { ipv6: true }), lab.host('far')]);
        await lab.link(gateway.port('p0'), host.port('eth0', '2001:db8:1::7/64'));
        await lab.link(gateway.port('p1'), far.port('eth0', '10.9.0.2/24', '10.9.0.3/24', '10.9.0.4/24'));
        await far.route('default', '10.9.0.1');
        await upstream(far, '10.9.0.2', 'www.example', '192.0.2.80');
        await upstream(far, '10.9.0.3', 'corp.example', '192.0.2.81');
        await upstream(far, '10.9.0.4', 'www.example', '192.0.2.82');
      },
      config: {
        interfaces: [
          { name: 'lan', device: 'p0', addresses: ['10.1.0.1/24', '2001:db8:1::1/64'] },
          { name: 'wan', device: 'p1', addresses: ['10.9.0.1/24'] },
        ],
        dns: { servers: ['10.9.0.2'], forwarders: [FORWARDER] },
        dhcp: { servers: [{ ...SERVER, options: {} }] },
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const dig = async (...question: string[]): Promise<string> => {
    const args = ['dig', '+short', '+time=2', '+tries=4', ...question];
    return (await host.run(args, { check: false })).stdout.trim();
  };
  const status = async (name: string): Promise<string> => {
    const { stdout } = await host.run(['dig', '+time=2', '+tries=4', '@2001:db8:1::1', name]);
    return /status: (\w+)/.exec(stdout)?.[1] ?? stdout;
  };
  const answers = (expected: string, ...question: string[]) =>
    until(`${question.join(' ')} to be ${expected}`, async () => (await dig(...question)) === expected);

  it('a client of DHCP is told of it, and asks for what is outside and at another site', async () => {
    const told = host.path('told.env');
    const script = host.writeFile(
      'told.sh',
      `#!/bin/sh\n[ "$1" = bound ] && { env > ${told}; ip address add "$ip/24" dev eth0; }\nexit 0\n`,
    );
    chmodSync(script, 0o755);
    const args = [
      'udhcpc',
      '-i',
      'eth0',
      '-n',
      '-q',
      '-t',
      '8',
      '-T',
      '1',
      '-x',
      'hostname:Till-1',
      '-s',
      script,
    ];
    await host.run(args);
    const text = await until('the script to have run', () =>
      existsSync(told) ? readFileSync(told, 'utf8') : null,
    );
    assert.match(text, /^dns=10\.1\.0\.1$/m);
    assert.match(text, /^domain=shop\.example$/m);
    await answers('192.0.2.80', '@10.1.0.1', 'www.example');
    await answers('192.0.2.80', '+tcp', '@2001:db8:1::1', 'www.example');
    await answers('192.0.2.81', '@10.1.0.1', 'intranet.corp.example');
  });

  it('knows hosts of the configuration and clients by their names, both ways', async () => {
    const { leases } = await site.dhcpd.request('show-leases', {});
    const { address } = leases.find(({ host_name: name }) => name === 'Till-1')!;
    await answers(address, '@2001:db8:1::1', 'till-1.shop.example');
    await answers('till-1.shop.example.', '@2001:db8:1::1', '-x', address);
    await answers('10.1.0.9', '@2001:db8:1::1', 'printer.shop.example');
    await answers('2001:db8:1::9', '@2001:db8:1::1', 'printer.shop.example', 'AAAA');
    assert.equal(await status('nobody.shop.example'), 'NXDOMAIN');
    await site.dhcpd.request('clear-lease', { vrf: 'default', address });
    await until('the name to go', async () => (await status('till-1.shop.example')) === 'NXDOMAIN');
  });

  it('does not answer where it is not asked to', async () => {
    const { stdout } = await far.run(['dig', '+time=1', '+tries=1', '@10.9.0.1', 'printer.shop.example'], {
      check: false,
    });
    assert.match(stdout, /no servers could be reached|REFUSED|refused/);
  });

  it('goes on after its daemon was killed, and asks others when the configuration names others', async () => {
    const file = `${site.gateway.runDir}/lan/dnsmasq-lan.pid`;
    const first = JSON.parse(readFileSync(file, 'utf8')).pid as number;
    process.kill(first, 'SIGKILL');
    await until('another dnsmasq', () => {
      const pid = JSON.parse(readFileSync(file, 'utf8')).pid as number;
      return pid !== first && processById(pid) !== null;
    });
    await answers('192.0.2.80', '@2001:db8:1::1', 'www.example');
    await site.reload({ ...site.config, dns: { servers: ['10.9.0.4'], forwarders: [FORWARDER] } });
    await answers('192.0.2.82', '@2001:db8:1::1', 'www.example');
    await site.reload({ ...site.config, dns: {} });
    await until(
      'nobody to answer',
      async () => (await dig('+tries=1', '@2001:db8:1::1', 'www.example')) === '' || !existsSync(file),
    );
  });
});

/** A DNS server of somebody else's, which knows one domain. */
async function upstream(node: LabNode, address: string, domain: string, answer: string): Promise<void> {
  const args = [
    '--no-daemon',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--user=root',
    '--pid-file=',
  ];
  await node.start(
    [
      'dnsmasq',
      ...args,
      '--bind-interfaces',
      `--listen-address=${address}`,
      '--except-interface=lo',
      `--address=/${domain}/${answer}`,
    ],
    { ready: { log: /started/ } },
  );
}
