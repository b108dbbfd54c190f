import assert from 'node:assert/strict';
import {
  POLICY_DF,
  POLICY_DF_COPY,
  POLICY_DF_SET,
  SA_INTERFACE,
  SA_POLICY,
} from '../../src/tables/security-associations.js';
import { IF_ID, IN, OUT, PEER, SaBench, TUNNEL } from './support/sa-bench.js';

describe('security associations and their tunnel', () => {
  let bench: SaBench;
  beforeEach(() => {
    bench = new SaBench();
  });
  afterEach(() => bench.close());

  const cbc = {
    cipher: 'aes-cbc' as const,
    key_hex: '11'.repeat(16),
    integrity: 'hmac-sha2-512' as const,
    integrity_key_hex: '22'.repeat(64),
    icv_bytes: 32 as const,
  };

  it('say what it makes of packets, and when that changes', () => {
    assert.equal(bench.sas.sizing(IF_ID), null);
    bench.install(OUT, 'out');
    assert.deepEqual(bench.sas.sizing(IF_ID), {
      transform: { cipher: 'aes-gcm', integrity: 'none', icvBytes: 16 },
      family: 4,
      udp: false,
    });
    assert.deepEqual(bench.resized, [IF_ID]);
    bench.install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 4500 } });
    assert.deepEqual([bench.sas.sizing(IF_ID)?.udp, bench.resized.length], [true, 2]);
    bench.install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 61_000 } });
    assert.equal(bench.resized.length, 2, 'another port makes no packet longer');
    bench.sas.remove({ dst: PEER, spi: OUT }, 0);
    assert.equal(bench.sas.sizing(IF_ID)?.udp, true, 'until there is another');
    assert.equal(bench.resized.length, 2);
    bench.install(OUT, 'out', 0, { crypto: cbc, src: '2001:db8::1', dst: '2001:db8::2' });
    assert.deepEqual(bench.sas.sizing(IF_ID), {
      transform: { cipher: 'aes-cbc', integrity: 'hmac-sha2-512', icvBytes: 32 },
      family: 6,
      udp: false,
    });
    bench.tunnels.clear();
    bench.sas.rebind(IF_ID, 0);
    assert.equal(bench.sas.sizing(IF_ID), null, 'another tunnel of this id is another tunnel');
  });

  for (const [kind, mode] of [
    ['ipsec', 'transport'],
    ['gre', 'tunnel'],
    ['ipip', 'tunnel'],
  ] as const) {
    it(`do not fit when it is of kind ${kind} and they of ${mode} mode`, () => {
      bench.tunnels.set(IF_ID, { ...TUNNEL, kind });
      bench.install(IN, 'in', 0, { mode });
      bench.install(OUT, 'out', 0, { mode });
      assert.deepEqual([bench.active, bench.word(bench.lookup(IN), SA_INTERFACE)], [0, 0]);
      const fitting = mode === 'tunnel' ? 'transport' : 'tunnel';
      bench.install(IN + 1, 'in', 0, { mode: fitting });
      bench.install(OUT + 1, 'out', 0, { mode: fitting });
      assert.equal(bench.activeSpi, OUT + 1);
      assert.equal(bench.word(bench.lookup(IN + 1), SA_INTERFACE), TUNNEL.row);
    });
  }

  it('binds SAs to a tunnel that comes later, and lets go of one that went', () => {
    bench.tunnels.clear();
    bench.install(IN, 'in');
    bench.install(OUT, 'out');
    bench.install(OUT + 1, 'out', 10);
    assert.equal(bench.word(bench.lookup(IN), SA_INTERFACE), 0);
    assert.equal(bench.active, 0);
    bench.tunnels.set(IF_ID, TUNNEL);
    bench.sas.rebind(IF_ID, 20);
    assert.equal(bench.word(bench.lookup(IN), SA_INTERFACE), TUNNEL.row);
    assert.equal(bench.activeSpi, OUT + 1, 'the tunnel sent by none: the newest will do');
    bench.tunnels.clear();
    bench.sas.rebind(IF_ID, 30);
    assert.equal(bench.word(bench.lookup(IN), SA_INTERFACE), 0);
  });

  it('give outer packets the DF that their tunnel asks for, else what the SA says', () => {
    const df = (): number => bench.word(bench.row(OUT), SA_POLICY) & POLICY_DF;
    bench.install(OUT, 'out', 0, { df: 'copy' });
    assert.equal(df(), POLICY_DF_COPY);
    bench.tunnels.set(IF_ID, { ...TUNNEL, df: 'clear' });
    bench.sas.rebind(IF_ID, 0);
    assert.equal(df(), 0);
    bench.install(OUT, 'out', 0, { df: 'set' });
    assert.equal(df(), 0, 'what the SA says later changes nothing of that');
    bench.tunnels.set(IF_ID, TUNNEL);
    bench.sas.rebind(IF_ID, 0);
    assert.equal(df(), POLICY_DF_SET);
  });
});
