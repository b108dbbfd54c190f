import assert from 'node:assert/strict';
import { SA_DST, SA_FREE, SA_OUTBOUND, SA_STATE } from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espSeal } from '../support/esp.js';
import { concat, forwarded, ip, ip4, pattern, udp, viewOf } from '../support/packets.js';
import {
  HOST,
  LAN,
  PEER,
  REMOTE_HOST,
  SPI_IN,
  SPI_OUT,
  saOf,
  siteWithTunnel,
  tunnelTo,
  WAN,
} from '../support/site.js';

describeNode('esp-input', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteWithTunnel();
  });
  afterEach(() => bench.close());

  const inner = ip4({ src: REMOTE_HOST, dst: HOST, payload: pattern(50) });
  const sealed = (sequence: number, spi = SPI_IN): Uint8Array =>
    espSeal(saOf(spi), { sequence: BigInt(sequence), inner });
  const plain = (esp: Uint8Array, dst = WAN): Uint8Array =>
    ip4({ src: PEER, dst, protocol: 50, payload: esp });
  const inUdp = (esp: Uint8Array, source = 4500): Uint8Array =>
    ip4({ src: PEER, dst: WAN, protocol: 17, payload: udp(source, 4500, esp) });

  const taken: [string, Uint8Array][] = [
    ['ESP', plain(sealed(1))],
    ['ESP in UDP, though the SA does not say so', inUdp(sealed(1))],
    ['ESP in UDP from a port that a NAT has changed', inUdp(sealed(1), 61_234)],
    [
      'ESP behind IP options',
      ip4({ src: PEER, dst: WAN, protocol: 50, options: new Uint8Array(8).fill(1), payload: sealed(1) }),
    ],
    ['ESP with padding of the link behind it', concat(plain(sealed(1)), pattern(6))],
  ];
  for (const [what, packet] of taken) {
    it(`finds the SA of ${what}`, () => {
      bench.pushIp('wan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(inner)]);
      bench.expect({});
    });
  }

  const corrupt = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at]! ^= 1;
    return copy;
  };
  const refused: [string, Uint8Array, string][] = [
    ['no octets', plain(new Uint8Array()), 'truncated'],
    ['seven octets', plain(sealed(1).subarray(0, 7)), 'truncated'],
    ['seven octets in UDP', inUdp(sealed(1).subarray(0, 7)), 'truncated'],
    ['another SPI', plain(corrupt(sealed(1), 3)), 'unknown_spi'],
    ['SPI 0', plain(new Uint8Array(40)), 'unknown_spi'],
    ['the SPI of what the box itself sends by', plain(sealed(1, SPI_OUT)), 'unknown_spi'],
    ['another destination of the box', plain(sealed(1), LAN), 'unknown_spi'],
  ];
  for (const [what, packet, counter] of refused) {
    it(`refuses ${what}`, () => {
      bench.pushIp('wan', packet);
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual(bench.punted(), []);
      bench.expect({ [`esp-input/${counter}`]: 1 });
    });
  }

  it('tells the audit log of an SPI that nobody knows, at a bounded rate, and counts the rest', () => {
    bench.pushIp('wan', ...Array.from({ length: 500 }, (_, i) => plain(corrupt(sealed(i + 1), 3))));
    bench.run();
    bench.now += 100;
    bench.pushIp('wan', inUdp(corrupt(sealed(501), 3)));
    bench.run();
    const audits = bench.audits();
    const common = { interface: 'wan', outer: { src: PEER, dst: WAN }, flow_label: null, inner: null };
    const refused = { kind: 'refused', at_ms: bench.now, reason: 'unknown_spi', spi: SPI_IN ^ 1, ...common };
    assert.deepEqual(audits[0], { ...refused, sequence: 1 });
    assert.deepEqual(audits[20], { ...refused, sequence: 501 }, 'ten a second');
    assert.deepEqual(audits.slice(21), [{ kind: 'suppressed', at_ms: bench.now, count: 480 }]);
    assert.deepEqual(bench.audits(), []);
    bench.expect({ 'esp-input/unknown_spi': 501 });
  });

  for (const state of [SA_FREE, SA_OUTBOUND]) {
    it(`refuses an SA in state ${state}`, () => {
      bench.control.sa('tun in').words[SA_STATE] = state;
      bench.pushIp('wan', plain(sealed(1)));
      bench.run();
      bench.expect({ 'esp-input/unknown_spi': 1 });
    });
  }

  it('refuses an SA whose row became that of another destination meanwhile', () => {
    bench.control.sa('tun in').words[SA_DST] = ip(LAN);
    bench.pushIp('wan', plain(sealed(1)));
    bench.run();
    bench.expect({ 'esp-input/unknown_spi': 1 });
  });

  it('tells SAs of one SPI apart by their destination', () => {
    const inbound = bench.control.sa('tun in');
    // Another SA of this SPI is at the other address; its row is empty, so that to take it would show.
    bench.control.spis.set(SPI_IN, 0, ip(LAN));
    bench.pushIp('wan', plain(sealed(1)), plain(sealed(2), LAN));
    bench.run();
    assert.equal(inbound.words[SA_DST], ip(WAN) | 0);
    assert.deepEqual(bench.sentIp('lan'), [forwarded(inner)]);
    bench.expect({ 'esp-input/unknown_spi': 1 });
  });

  describe('with SAs of another worker', () => {
    const twoWorkers = (frames = 4096): Bench =>
      siteWithTunnel({}, { workers: 2, frames, tunnels: [tunnelTo({}, { workerIn: 1, workerOut: 1 })] });

    it('hands over, and keeps the order of the packets', () => {
      bench.close();
      bench = twoWorkers();
      const numbered = Array.from({ length: 600 }, (_, i) => ip4({ src: REMOTE_HOST, dst: HOST, id: i }));
      bench.pushIp(
        'wan',
        ...numbered.map((packet, i) =>
          plain(espSeal(saOf(SPI_IN), { sequence: BigInt(i + 1), inner: packet })),
        ),
      );
      bench.run();
      const ids = bench.sentIp('lan').map((packet) => viewOf(packet).getUint16(4));
      assert.deepEqual(ids, [...numbered.keys()]);
      bench.expect({ 'esp-input/handed_over': 600 });
    });

    it("drops when the other's ring is full", () => {
      bench.close();
      bench = twoWorkers(8192);
      const packet = plain(sealed(1));
      for (let i = 0; i < 9; i++) {
        bench.pushIp('wan', ...new Array<Uint8Array>(500).fill(packet));
        while (bench.forwarders[0]!.round() > 0);
      }
      bench.run();
      assert.equal(bench.sentIp('lan').length, 1);
      bench.expect({
        'esp-input/handed_over': 4096,
        'esp-input/worker_busy': 4500 - 4096,
        'esp-decrypt/replayed': 4095,
      });
    });
  });
});
