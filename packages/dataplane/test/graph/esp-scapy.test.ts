import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SA_SEQ_HIGH } from '../../src/tables/security-associations.js';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { concat, forwarded, hex, ip4, pattern } from '../support/packets.js';
import {
  HOST,
  PEER,
  REMOTE_HOST,
  SPI_IN,
  SPI_OUT,
  siteWithTunnel,
  type TunnelVariant,
  tunnelTo,
  WAN,
} from '../support/site.js';

const script = fileURLToPath(new URL('../../../test/support/scapy-esp.py', import.meta.url));

interface Job {
  op: 'seal' | 'open';
  spi: number;
  key: string;
  src: string;
  dst: string;
  udp: boolean;
  esn_en: boolean;
  high: number;
  seq: number;
  packet: string;
}

/** Has scapy do all jobs in one process. */
async function scapy(jobs: Job[]): Promise<Uint8Array[]> {
  let stdout = '';
  let stderr = '';
  const child = execFile('/usr/bin/python3', [script], { maxBuffer: 64 << 20 });
  child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end(JSON.stringify(jobs));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as string[]).map((text) => new Uint8Array(Buffer.from(text, 'hex')));
}

const sizes = [20, 21, 22, 23, 24, 63, 64, 84, 576, 577, 1280, 1399, 1400];
/** The high half of extended sequence numbers in this test. */
const HIGH = 3;

describe('ESP against scapy', function () {
  this.timeout(60_000);

  const variants: [string, TunnelVariant][] = [
    ['AES-128', {}],
    ['AES-256', { key: 32 }],
    ['AES-128, in UDP', { udp: true }],
    ['AES-128, ESN', { esn: true }],
    ['AES-256, ESN, in UDP', { key: 32, esn: true, udp: true }],
  ];
  const jobOf = (variant: TunnelVariant, out: boolean, seq: number, packet: Uint8Array): Job => {
    const { inbound, outbound } = tunnelTo(variant);
    const sa = out ? outbound : inbound;
    return {
      op: out ? 'open' : 'seal',
      spi: out ? SPI_OUT : SPI_IN,
      key: hex(concat(sa.key, sa.salt)),
      src: out ? WAN : PEER,
      dst: out ? PEER : WAN,
      udp: variant.udp ?? false,
      esn_en: variant.esn ?? false,
      high: variant.esn ? HIGH : 0,
      seq,
      packet: hex(packet),
    };
  };
  const toPeer = (size: number): Uint8Array =>
    ip4({ src: HOST, dst: REMOTE_HOST, tos: 0xb8, id: size, payload: pattern(size - 20, size) });
  const toUs = (size: number): Uint8Array =>
    ip4({ src: REMOTE_HOST, dst: HOST, tos: 0xb8, id: size, payload: pattern(size - 20, size) });

  for (const engine of ENGINES) {
    it(`${engine}: scapy opens what the data plane sealed, and seals what it opens`, async () => {
      const jobs: Job[] = [];
      for (const [, variant] of variants) {
        const bench = siteWithTunnel(variant, { engine });
        try {
          if (variant.esn) bench.control.sa('tun out').words[SA_SEQ_HIGH] = HIGH;
          bench.pushIp('lan', ...sizes.map(toPeer));
          bench.run();
          bench.sentIp('wan').forEach((outer, i) => {
            jobs.push(jobOf(variant, true, i + 1, outer));
          });
          bench.expect({});
        } finally {
          bench.close();
        }
      }
      const opens = jobs.length;
      assert.equal(opens, variants.length * sizes.length);
      for (const [, variant] of variants) {
        sizes.forEach((size, i) => {
          jobs.push(jobOf(variant, false, i + 1, toUs(size)));
        });
      }

      const results = await scapy(jobs);
      variants.forEach(([what], v) => {
        sizes.forEach((size, i) => {
          assert.equal(
            hex(results[v * sizes.length + i]!),
            hex(forwarded(toPeer(size))),
            `${what}, ${size} octets`,
          );
        });
      });
      for (const [v, [what, variant]] of variants.entries()) {
        const bench = siteWithTunnel(variant, { engine });
        try {
          if (variant.esn) bench.control.sa('tun in').words[SA_SEQ_HIGH] = HIGH;
          const from = opens + v * sizes.length;
          bench.pushIp('wan', ...results.slice(from, from + sizes.length));
          bench.run();
          assert.deepEqual(
            bench.sentIp('lan').map(hex),
            sizes.map((size) => hex(forwarded(toUs(size)))),
            what,
          );
          bench.expect({});
        } finally {
          bench.close();
        }
      }
    });
  }
});
