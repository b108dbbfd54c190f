import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import * as SA from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espSeal } from '../support/esp.js';
import { fromPeer, type GreOptions, gre, siteOfKind } from '../support/gre-site.js';
import { concat, forwarded, ip4, pattern } from '../support/packets.js';
import { itRefuses } from '../support/refused.js';
import { HOST, LAN, REMOTE_HOST, SPI_IN, saOf } from '../support/site.js';

const inner = (more: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
  ip4({ src: REMOTE_HOST, dst: HOST, payload: pattern(50), ...more });
const packet = (more: Partial<GreOptions> = {}): Uint8Array =>
  fromPeer(47, gre({ payload: inner(), ...more }));
/** GRE as the payload of ESP in transport mode. */
const sealed = (sequence: bigint, more: Partial<GreOptions> = {}, outer = {}): Uint8Array =>
  fromPeer(
    50,
    espSeal(saOf(SPI_IN), { sequence, inner: gre({ payload: inner(), ...more }), nextHeader: 47 }),
    outer,
  );

describeNode('gre-input', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteOfKind({ kind: 'gre', protect: 'none' }, true);
  });
  afterEach(() => bench.close());

  const taken: [string, Partial<GreOptions>][] = [
    ['without options', {}],
    ['with a checksum', { checksum: 'good' }],
    ['with a sequence number', { sequence: 7 }],
    ['with both', { checksum: 'good', sequence: 7 }],
    ['with reserved bits that a receiver ignores', { flags: 0x0008 }],
    ['with padding of the link behind it', { payload: concat(inner(), pattern(7)) }],
  ];
  for (const [what, options] of taken) {
    it(`takes the packet out of GRE ${what}`, () => {
      bench.pushIp('wan', packet(options));
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(inner())]);
      assert.equal(bench.interface('tun').rxPackets, 1);
      bench.expect({});
    });
  }

  const refused: [string, Uint8Array, string][] = [
    ['three octets', fromPeer(47, pattern(3)), 'gre-input/truncated'],
    [
      'a key that is cut off',
      fromPeer(47, gre({ payload: new Uint8Array(), key: 1 }).subarray(0, 6)),
      'gre-input/truncated',
    ],
    ['version 1 (PPTP)', packet({ flags: 1 }), 'gre-input/bad_flags'],
    ['routing', packet({ flags: 0x4000 }), 'gre-input/bad_flags'],
    ['a strict source route', packet({ flags: 0x0800 }), 'gre-input/bad_flags'],
    ['a wrong checksum', packet({ checksum: 'bad' }), 'gre-input/bad_checksum'],
    ['a key that the tunnel has not', packet({ key: 5 }), 'gre-input/unknown_tunnel'],
    [
      'another source',
      fromPeer(47, gre({ payload: inner() }), { src: '198.51.100.9' }),
      'gre-input/unknown_tunnel',
    ],
    [
      'another address of the box',
      fromPeer(47, gre({ payload: inner() }), { dst: LAN }),
      'gre-input/unknown_tunnel',
    ],
    ['Ethernet', packet({ protocol: 0x6558 }), 'gre-input/unknown_protocol'],
    ['a broken packet', packet({ payload: inner().subarray(0, 30) }), 'ip4-input/bad_total_length'],
    ['nothing', packet({ payload: new Uint8Array() }), 'ip4-input/truncated'],
  ];
  itRefuses(
    refused.map(([what, octets, path]) => [what, [octets], { [path]: 1 }]),
    ['wan', 'tun'],
    (...packets) => {
      bench.pushIp('wan', ...packets);
      bench.run();
      return bench;
    },
  );

  it('tells tunnels between the same addresses apart by their keys', () => {
    bench.close();
    bench = siteOfKind({ kind: 'gre', protect: 'none', key: 0xdeadbeef }, true);
    bench.pushIp('wan', packet({ key: 0xdeadbeef }), packet({ key: 0xdeadbeee }), packet());
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(inner())]);
    bench.expect({ 'gre-input/unknown_tunnel': 2 });
  });

  it('belongs to a tunnel that is down', () => {
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.pushIp('wan', packet());
    bench.run();
    bench.expect({ 'gre-input/tunnel_down': 1 });
  });

  it('takes the mark of congestion over, and drops what cannot carry it (RFC 6040 section 4.2)', () => {
    const marked = (tos: number): Uint8Array =>
      fromPeer(47, gre({ payload: inner({ tos }) }), { tos: 0xb8 | 3 });
    bench.pushIp('wan', marked(0x28 | 2), marked(0x28));
    bench.run();
    assert.deepEqual(
      bench.sentIp('lan'),
      [forwarded(inner({ tos: 0x28 | 3 }))],
      'the DSCP stays the inner one',
    );
    bench.expect({ 'gre-input/congested': 1 });
  });

  describe('of a tunnel that requires IPsec', () => {
    beforeEach(() => {
      bench.close();
      bench = siteOfKind({ kind: 'gre' });
    });

    it('refuses what comes in clear', () => {
      bench.pushIp('wan', packet());
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'gre-input/unprotected': 1 });
    });

    it('takes what its own SA protects, options of the outer header included', () => {
      bench.pushIp(
        'wan',
        sealed(1n),
        sealed(2n, { sequence: 1 }),
        sealed(3n, {}, { options: pattern(8, 1).fill(1) }),
      );
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(inner()), forwarded(inner()), forwarded(inner())]);
      const { counters } = bench.control.sa('tun in');
      assert.equal(counters[SA.SA_PACKETS], 3);
      assert.equal(bench.interface('tun').rxPackets, 3);
      bench.expect({});
    });

    it('refuses what its SA protects but another end sent, or with another key', () => {
      bench.pushIp('wan', sealed(1n, {}, { src: '198.51.100.9' }), sealed(2n, { key: 4 }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'gre-input/unknown_tunnel': 2 });
    });

    it('refuses GRE inside GRE, which nothing protects by itself', () => {
      bench.pushIp('wan', sealed(1n, { payload: packet() }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'gre-input/unprotected': 1 });
    });
  });
});
