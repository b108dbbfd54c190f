// The hook, run by Linux's shell as dhcpcd runs it, what is read of its file, and what was delegated before.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dhcpcdConf } from '../../src/client/dhcpcd.js';
import { readLease6 } from '../../src/client/lease-file6.js';
import type { Uptime } from '../../src/client/lease-lines.js';
import { WithdrawnPrefixes } from '../../src/client/withdrawn-prefixes.js';

const HOOK = fileURLToPath(new URL('../../../hook/dhcpcd', import.meta.url));
const NOW_MS = Date.UTC(2026, 0, 2);
const SAID = {
  new_dhcp6_server_id: '0002000009bf0102',
  new_dhcp6_name_servers: '2001:db8::53 fe80::1 2001:DB8:0::54',
  new_dhcp6_domain_search: 'isp.example. shop.example',
  new_dhcp6_ia_na1_ia_addr1: '2001:db8:1::50',
  new_dhcp6_ia_na1_ia_addr1_pltime: '300',
  new_dhcp6_ia_na1_ia_addr1_vltime: '500',
  new_dhcp6_ia_pd1_prefix1: '2001:db8:e000::',
  new_dhcp6_ia_pd1_prefix1_length: '56',
  new_dhcp6_ia_pd1_prefix1_pltime: '0',
  new_dhcp6_ia_pd1_prefix1_vltime: '0',
  new_dhcp6_ia_pd1_prefix2: '2001:db8:f000::1',
  new_dhcp6_ia_pd1_prefix2_length: '56',
  new_dhcp6_ia_pd1_prefix2_pltime: '400',
  new_dhcp6_ia_pd1_prefix2_vltime: '600',
};

describe('the file of a lease of DHCPv6', function () {
  this.timeout(30_000);
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-lease6-'));
    file = join(directory, 'wan.lease');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const hook = (reason: string, said: Record<string, string>): void => {
    execFileSync(HOOK, { env: { PATH: process.env.PATH, SLUICE_LEASE_FILE: file, reason, ...said } });
  };
  const after = (seconds: number): Uptime => ({
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    seconds: Number(/^uptime_s=(\S+)/m.exec(readFileSync(file, 'utf8'))![1]) + seconds,
  });
  const read = (seconds = 0) => readLease6('wan', readFileSync(file, 'utf8'), after(seconds), NOW_MS);
  const lease = (seconds = 0) => {
    const news = read(seconds);
    assert.equal(news.kind, 'lease');
    return news.lease;
  };

  it('says what the server said, for its owner alone, and of prefixes the one that lives', () => {
    hook('BOUND6', SAID);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(read(100), {
      kind: 'lease',
      leftMs: 400_000,
      lease: {
        interface: 'wan',
        server: '0002000009bf0102',
        addresses: [
          {
            address: '2001:db8:1::50',
            preferred_until_ms: NOW_MS + 200_000,
            valid_until_ms: NOW_MS + 400_000,
          },
        ],
        prefix: {
          prefix: '2001:db8:f000::/56',
          preferred_until_ms: NOW_MS + 300_000,
          valid_until_ms: NOW_MS + 500_000,
        },
        dns_servers: ['2001:db8::53', '2001:db8::54'],
        domain_search: ['isp.example', 'shop.example'],
        obtained_ms: NOW_MS - 100_000,
        expires_ms: NOW_MS + 500_000,
      },
    });
  });

  it('has each part until its own end, and nothing after the last or after another start', () => {
    hook('REBIND6', SAID);
    assert.deepEqual(lease(550).addresses, []);
    assert.equal(lease(550).prefix?.prefix, '2001:db8:f000::/56');
    assert.equal(read(601).kind, 'none');
    const other = { ...after(0), bootId: 'another' };
    assert.equal(readLease6('wan', readFileSync(file, 'utf8'), other, NOW_MS).kind, 'none');
  });

  it('stays when the client starts, loses its link or ends', () => {
    for (const reason of ['PREINIT', 'CARRIER', 'NOCARRIER', 'EXPIRE6', 'RELEASE6', 'STOPPED'])
      hook(reason, SAID);
    assert.ok(!existsSync(file));
  });

  it('lets nothing through that makes no sense, whatever the server says', () => {
    const said = (changes: Record<string, string>) => hook('BOUND6', { ...SAID, ...changes });
    for (const address of ['', 'fe80::1', 'ff02::1', '::1', '::ffff:10.0.0.1', '2001:db8::1 x', '$(id)']) {
      said({ new_dhcp6_ia_na1_ia_addr1: address, new_dhcp6_ia_pd1_prefix2: address });
      assert.equal(read().kind, 'none', address);
    }
    for (const length of ['0', '8', '65', '128', '', '-1', '56.5']) {
      said({ new_dhcp6_ia_pd1_prefix2_length: length });
      assert.equal(lease().prefix, null, length);
    }
    // Preferred for longer than valid (RFC 8415 section 21.6), and no number.
    for (const preferred of ['601', 'x', '']) {
      said({ new_dhcp6_ia_pd1_prefix2_pltime: preferred });
      assert.equal(lease().prefix, null, preferred);
    }
    said({ new_dhcp6_ia_na1_ia_addr1_vltime: '4294967295', new_dhcp6_server_id: 'x y' });
    assert.equal(lease().server, null);
    assert.equal(lease().addresses.length, 1);
    said({ new_dhcp6_name_servers: '2001:db8::53\nprefix1=2001:db8:bad::', new_dhcp6_domain_search: 'a;b' });
    assert.deepEqual([lease().dns_servers, lease().domain_search], [['2001:db8::53'], []]);
    assert.equal(lease().prefix?.prefix, '2001:db8:f000::/56');
  });

  it('asks for what the configuration says', () => {
    const conf = (client: { address: boolean; prefix_delegation?: { length: number; assign: [] } }) =>
      dhcpcdConf('wan', client, '/run/x');
    assert.match(conf({ address: true }), /^ia_na \d+$/m);
    assert.doesNotMatch(conf({ address: true }), /ia_pd/);
    const both = conf({ address: false, prefix_delegation: { length: 48, assign: [] } });
    assert.match(both, /^ia_pd \d+\/::\/48$/m);
    assert.doesNotMatch(both, /ia_na/);
  });
});

describe('prefixes that were delegated before', () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'sluice-prefixes-')), 'prefixes.json');
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true }));

  const prefix = (text: string, validMs: number) => ({
    prefix: text,
    preferred_until_ms: 0,
    valid_until_ms: validMs,
  });

  it('are told for as long as hosts may have addresses of them, and not after they have come back', () => {
    const [a, b] = ['2001:db8:a::/56', '2001:db8:b::/56'];
    const first = new WithdrawnPrefixes(path);
    assert.deepEqual(first.follow(prefix(a, 1_000_000), 0), []);
    assert.deepEqual(first.follow(prefix(a, 2_000_000), 0), []);
    // The change comes while the process is not there.
    const second = new WithdrawnPrefixes(path);
    const gone = [{ prefix: a, until_ms: 2_000_000 }];
    assert.deepEqual(second.follow(prefix(b, 90_000_000), 500_000), gone);
    assert.deepEqual(new WithdrawnPrefixes(path).follow(prefix(b, 90_000_000), 600_000), gone);
    assert.deepEqual(second.follow(prefix(b, 90_000_000), 2_000_000), []);
    // 5,400 s at most: no host was told more.
    assert.deepEqual(second.follow(null, 3_000_000), [{ prefix: b, until_ms: 8_400_000 }]);
    assert.deepEqual(second.follow(prefix(b, 90_000_000), 4_000_000), []);
  });

  it('are none where one has ended by itself, or nobody knows', () => {
    const withdrawn = new WithdrawnPrefixes(path);
    withdrawn.follow(prefix('2001:db8:a::/56', 1_000), 0);
    assert.deepEqual(withdrawn.follow(prefix('2001:db8:b::/56', 9_000), 1_000), []);
    writeFileSync(path, '{"now": 7');
    assert.deepEqual(new WithdrawnPrefixes(path).follow(null, 2_000), []);
    withdrawn.forget();
    assert.ok(!existsSync(path));
  });
});
