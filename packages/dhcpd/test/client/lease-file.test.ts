// The hook, run by Linux's shell as udhcpc runs it, and what is read of its file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLease } from '../../src/client/lease-file.js';
import type { Uptime } from '../../src/client/lease-lines.js';

const HOOK = fileURLToPath(new URL('../../../hook/udhcpc', import.meta.url));
const NOW_MS = Date.UTC(2026, 0, 2);
const SAID = {
  interface: 'wan',
  ip: '198.51.100.7',
  mask: '24',
  subnet: '255.255.255.0',
  router: '198.51.100.1 198.51.100.2',
  serverid: '198.51.100.1',
  dns: '198.51.100.53',
  domain: 'isp.example',
  mtu: '1492',
  lease: '600',
};

describe('the file of a lease', function () {
  this.timeout(30_000);
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-lease-'));
    file = join(directory, 'wan.lease');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const hook = (event: string, said: Record<string, string>): void => {
    const env = { PATH: process.env.PATH, SLUICE_LEASE_FILE: file, ...said };
    execFileSync(HOOK, [event], { env });
  };
  /** Some seconds after it was written. */
  const after = (seconds: number): Uptime => {
    const at = Number(/^uptime_s=(\S+)/m.exec(readFileSync(file, 'utf8'))![1]);
    return {
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      seconds: at + seconds,
    };
  };
  const read = (seconds = 0) => readLease('wan', readFileSync(file, 'utf8'), after(seconds), NOW_MS);
  const lease = () => {
    const news = read();
    assert.equal(news.kind, 'lease');
    return news.lease;
  };

  it('says what the server said, for its owner alone', () => {
    hook('bound', SAID);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(read(100), {
      kind: 'lease',
      leftMs: 500_000,
      lease: {
        interface: 'wan',
        address: '198.51.100.7/24',
        server: '198.51.100.1',
        routers: ['198.51.100.1', '198.51.100.2'],
        routes: [],
        dns_servers: ['198.51.100.53'],
        domain: 'isp.example',
        mtu: 1492,
        obtained_ms: NOW_MS - 100_000,
        expires_ms: NOW_MS + 500_000,
      },
    });
  });

  it('holds until the lease ends, or the machine starts anew', () => {
    hook('bound', SAID);
    assert.equal(read(599).kind, 'lease');
    assert.equal(read(601).kind, 'none');
    const text = readFileSync(file, 'utf8');
    assert.equal(readLease('wan', text, { ...after(0), bootId: 'another' }, NOW_MS).kind, 'none');
    hook('renew', SAID);
    assert.equal(read().kind, 'lease');
  });

  it('stays when udhcpc starts, and says when the server refuses', () => {
    hook('bound', SAID);
    hook('deconfig', {});
    hook('leasefail', {});
    assert.equal(read().kind, 'lease');
    hook('nak', {});
    assert.equal(read().kind, 'refused');
  });

  it('has routes with and without a router', () => {
    hook('bound', {
      ...SAID,
      staticroutes: '10.0.0.0/8 198.51.100.9 192.0.2.0/25 0.0.0.0 0.0.0.0/0 198.51.100.1',
    });
    assert.deepEqual(lease().routes, [
      { prefix: '10.0.0.0/8', next_hop: '198.51.100.9' },
      { prefix: '192.0.2.0/25', next_hop: null },
      { prefix: '0.0.0.0/0', next_hop: '198.51.100.1' },
    ]);
  });

  it('lets nothing through that makes no sense, whatever the server says', () => {
    hook('bound', {
      ...SAID,
      mask: '99',
      router: '127.0.0.1 0.0.0.0 224.0.0.1 $(reboot) 198.51.100.1',
      dns: '::1 not-an-address 255.255.255.255',
      domain: 'x\naddress=192.0.2.66\n; rm -rf /',
      mtu: '67',
      staticroutes: '10.0.0.0/33 198.51.100.1 10.0.0.0/8',
    });
    const { address, routers, routes, dns_servers, domain, mtu } = lease();
    assert.deepEqual(
      [address, routers, routes, dns_servers, domain, mtu],
      ['198.51.100.7/32', ['198.51.100.1'], [], [], null, null],
    );
    for (const wrong of [
      { ip: '' },
      { ip: '0.0.0.0' },
      { ip: '239.1.1.1' },
      { lease: '' },
      { lease: '-1' },
    ]) {
      hook('bound', { ...SAID, ...wrong });
      assert.equal(read().kind, 'none', JSON.stringify(wrong));
    }
  });
});
