// ICMPv6 errors octet by octet against scapy, about packets that scapy made.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { seed } from '@sluice/shared/test-support';
import { hex } from '../support/packets.js';
import { forwarded6 } from '../support/packets6.js';
import { FAR6, HOST6, LAN6, ROUTER6, site6 } from '../support/site.js';

const script = fileURLToPath(new URL('../../../test/support/scapy-icmp6.py', import.meta.url));
const PACKETS = 600;
const NOWHERE = '3fff::1';

interface Case {
  packet: string;
  kind: 'too_big' | 'hop_limit' | 'no_route' | 'none';
  error: string | null;
}

async function scapy(job: object): Promise<Case[]> {
  let stdout = '';
  let stderr = '';
  const child = execFile('/usr/bin/python3', [script], { maxBuffer: 64 << 20 });
  child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end(JSON.stringify(job));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Case[];
}

describe('ICMPv6 errors against scapy', function () {
  this.timeout(60_000);

  it(`are what scapy has a router answer to each of ${PACKETS} packets (seed ${seed})`, async () => {
    const cases = await scapy({
      seed,
      count: PACKETS,
      router: LAN6,
      hosts: [HOST6],
      far: FAR6,
      nowhere: NOWHERE,
    });
    const bench = site6();
    try {
      bench.control.fib6.remove(0, [0, 0, 0, 0], 0);
      bench.control.addRoute({ prefix: '2001:db8:7::/48', via: ROUTER6 });
      const counts = { too_big: 0, hop_limit: 0, no_route: 0, none: 0 };
      const counters = {
        too_big: 'ip6-rewrite/too_big',
        hop_limit: 'ip6-rewrite/hop_limit_expired',
        no_route: 'ip6-lookup/no_route',
      };
      for (const { packet, kind, error } of cases) {
        bench.now += 60_000; // limits are full again
        const octets = new Uint8Array(Buffer.from(packet, 'hex'));
        bench.pushIp6('lan', octets);
        bench.run();
        assert.deepEqual(bench.sentIp6('lan').map(hex), error === null ? [] : [error], packet);
        const onward = kind === 'none' ? [hex(forwarded6(octets))] : [];
        assert.deepEqual(bench.sentIp6('wan').map(hex), onward, packet);
        counts[kind]++;
        if (kind === 'none') bench.expect({});
        else
          bench.expect({
            [counters[kind]]: 1,
            [`ip6-icmp-error/${error === null ? 'about_error' : 'sent'}`]: 1,
          });
      }
      for (const [kind, count] of Object.entries(counts)) assert.ok(count > 20, `${count} of ${kind}`);
    } finally {
      bench.close();
    }
  });
});
