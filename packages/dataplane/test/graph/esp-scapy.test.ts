import assert from 'node:assert/strict';
import { SA_SEQ_HIGH } from '../../src/tables/security-associations.js';
import type { BenchTunnel } from '../support/bench-tables.js';
import type { EspSa } from '../support/esp.js';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { ESP_VARIANTS } from '../support/esp-variants.js';
import { forwarded, hex, ip4, pattern } from '../support/packets.js';
import { type ScapyJob, scapy, scapyHas } from '../support/scapy-esp.js';
import { HOST, PEER, REMOTE_HOST, SPI_IN, SPI_OUT, siteWithTunnel, tunnelTo, WAN } from '../support/site.js';

const SIZES = [20, 21, 22, 23, 24, 37, 63, 64, 84, 576, 1280, 1399, 1400];
/** The high half of extended sequence numbers in this test. */
const HIGH = 3;

interface Case {
  name: string;
  sa(spi: number): EspSa;
  udp: boolean;
  tunnel: BenchTunnel;
}

function caseOf(name: string, sa: (spi: number) => EspSa, udp = false): Case {
  const tunnel = tunnelTo({ udp }, { inbound: sa(SPI_IN), outbound: sa(SPI_OUT) });
  return { name, sa, udp, tunnel };
}

/** Every algorithm plainly; ESN with those where scapy can; UDP with one of each shape. */
const CASES = ESP_VARIANTS.flatMap(({ name, sa }) => {
  const cases = [caseOf(name, (spi) => sa(spi)), caseOf(`${name}, ESN`, (spi) => sa(spi, true))];
  if (/^(aes-gcm-256|aes-cbc-128) .*\/16/.test(name))
    cases.push(caseOf(`${name}, in UDP`, (spi) => sa(spi), true));
  return cases;
}).filter((candidate) => scapyHas(candidate.sa(SPI_IN)));

const toPeer = (size: number): Uint8Array =>
  ip4({ src: HOST, dst: REMOTE_HOST, tos: 0xb8, id: size, payload: pattern(size - 20, size) });
const toUs = (size: number): Uint8Array =>
  ip4({ src: REMOTE_HOST, dst: HOST, tos: 0xb8, id: size, payload: pattern(size - 20, size) });

describe('ESP against scapy', function () {
  this.timeout(120_000);

  for (const engine of ENGINES) {
    it(`${engine}: scapy opens what the data plane sealed, and seals what it opens`, async () => {
      const jobs: ScapyJob[] = [];
      for (const { sa, udp, tunnel } of CASES) {
        const bench = siteWithTunnel({}, { engine, tunnels: [tunnel] });
        try {
          if (sa(SPI_OUT).esn) bench.control.sa('tun out').words[SA_SEQ_HIGH] = HIGH;
          bench.pushIp('lan', ...SIZES.map(toPeer));
          bench.run();
          for (const [i, packet] of bench.sentIp('wan').entries()) {
            jobs.push({
              op: 'open',
              sa: sa(SPI_OUT),
              src: WAN,
              dst: PEER,
              tunnel: true,
              udp,
              high: HIGH,
              seq: i + 1,
              packet,
            });
          }
          bench.expect({});
        } finally {
          bench.close();
        }
      }
      const opens = jobs.length;
      assert.equal(opens, CASES.length * SIZES.length);
      for (const { sa, udp } of CASES) {
        for (const [i, size] of SIZES.entries()) {
          const packet = toUs(size);
          jobs.push({
            op: 'seal',
            sa: sa(SPI_IN),
            src: PEER,
            dst: WAN,
            tunnel: true,
            udp,
            high: HIGH,
            seq: i + 1,
            packet,
          });
        }
      }

      const results = await scapy(jobs);
      for (const [v, { name }] of CASES.entries()) {
        for (const [i, size] of SIZES.entries()) {
          assert.equal(
            hex(results[v * SIZES.length + i]!),
            hex(forwarded(toPeer(size))),
            `${name}, ${size} octets`,
          );
        }
      }
      for (const [v, { name, sa, tunnel }] of CASES.entries()) {
        const bench = siteWithTunnel({}, { engine, tunnels: [tunnel] });
        try {
          if (sa(SPI_IN).esn) bench.control.sa('tun in').words[SA_SEQ_HIGH] = HIGH;
          const from = opens + v * SIZES.length;
          bench.pushIp('wan', ...results.slice(from, from + SIZES.length));
          bench.run();
          assert.deepEqual(
            bench.sentIp('lan').map(hex),
            SIZES.map((size) => hex(forwarded(toUs(size)))),
            name,
          );
          bench.expect({});
        } finally {
          bench.close();
        }
      }
    });
  }
});
