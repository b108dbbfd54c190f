import assert from 'node:assert/strict';
import { espKeySet, espKeyWipe, NativeError } from '../../src/native/index.js';
import {
  POLICY_DF,
  POLICY_DF_COPY,
  POLICY_DF_SET,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_FREE,
  SA_INBOUND,
  SA_INTERFACE,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_PACKETS,
  SA_POLICY,
  SA_SELECTORS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SRC,
  SA_STATE,
  SA_UDP_DST,
  SA_UDP_SRC,
  SA_WINDOW,
  SA_WORKER,
  WINDOW_SHIFT,
} from '../../src/tables/security-associations.js';
import { runCount, runFirst, SELECTOR_WORDS } from '../../src/tables/selectors.js';
import { IF_ID, LOCAL, PEER, SaBench, spec, TUNNEL } from './support/sa-bench.js';

const IN = 0x1001;
const OUT = 0x2001;
const KEY_OUT = `out/${PEER}/2001`;
const KEY_IN = `in/${LOCAL}/1001`;
const BLOCK = 2 ** 23;
const LAST_32 = 2 ** 32 - 1;

describe('security associations', () => {
  let bench: SaBench;

  beforeEach(() => {
    bench = new SaBench();
  });

  afterEach(() => bench.close());

  const install = (spi: number, direction: 'in' | 'out', now = 0, more = {}): void =>
    bench.sas.install(spec(spi, direction, more), now);

  function hasKey(slot: number): boolean {
    try {
      espKeySet(slot, {
        cipher: 'aes-gcm',
        key: new Uint8Array(20),
        integrity: 'none',
        integrityKey: new Uint8Array(0),
        icvBytes: 16,
      });
    } catch (error) {
      assert.ok(error instanceof NativeError && error.code === 'EEXIST');
      return true;
    }
    espKeyWipe(slot);
    return false;
  }

  it('installs a pair: received packets find it by SPI, the tunnel sends by it', () => {
    install(IN, 'in');
    install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 61000 } });
    const [inbound, outbound] = [bench.lookup(IN), bench.active];
    assert.equal(bench.word(inbound, SA_STATE), SA_INBOUND);
    assert.equal(bench.word(inbound, SA_INTERFACE), TUNNEL.row);
    assert.equal(bench.word(inbound, SA_WINDOW), 64);
    assert.equal(bench.word(outbound, SA_STATE), SA_OUTBOUND);
    assert.equal(bench.word(outbound, SA_OUTER_VRF), TUNNEL.outerVrf);
    assert.equal(bench.word(outbound, SA_SRC) >>> 0, 0xc0000201);
    assert.equal(bench.word(outbound, SA_DST) >>> 0, 0xc6336401);
    assert.deepEqual([bench.word(outbound, SA_UDP_SRC), bench.word(outbound, SA_UDP_DST)], [4500, 61000]);
    assert.equal(bench.lookup(OUT), -1);
    assert.ok(hasKey(inbound) && hasKey(outbound));
    assert.notEqual(bench.word(inbound, SA_WORKER), bench.word(outbound, SA_WORKER), 'workers share the SAs');
    const shown = JSON.stringify(bench.sas.reports());
    assert.ok(!shown.includes('key_hex') && !shown.includes(spec(IN, 'in').crypto.key_hex));
  });

  it('changes addresses and ports in place, and counts on', () => {
    install(OUT, 'out');
    const row = bench.active;
    bench.use(OUT, 500);
    install(OUT, 'out', 10, { src: '192.0.2.77', encap: { src_port: 4500, dst_port: 4500 } });
    assert.equal(bench.active, row);
    assert.equal(bench.sas.size, 1);
    assert.equal(bench.word(row, SA_SRC) >>> 0, 0xc000024d);
    assert.equal(bench.word(row, SA_UDP_DST), 4500);
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 500);
  });

  it('refuses to make another SA of one that is there', () => {
    install(OUT, 'out');
    const other = { ...spec(OUT, 'out').crypto, key_hex: 'ff'.repeat(20) };
    for (const change of [{ crypto: other }, { if_id: IF_ID + 1 }, { esn: true }]) {
      assert.throws(() => install(OUT, 'out', 0, change), /remove it first/);
    }
    bench.sas.remove({ dst: PEER, spi: OUT }, 0);
    assert.equal(bench.active, 0);
  });

  it('keeps two SAs of one SPI at two of its addresses apart', () => {
    const other = '192.0.2.9';
    install(IN, 'in');
    install(IN, 'in', 0, { dst: other });
    const rows = [bench.lookup(IN), bench.lookup(IN, other)];
    assert.notEqual(rows[0], rows[1]);
    bench.sas.remove({ dst: other, spi: IN }, 0);
    assert.deepEqual([bench.lookup(IN), bench.lookup(IN, other)], [rows[0], -1]);
  });

  describe('traffic selectors', () => {
    const anyPort: [number, number] = [0, 65_535];
    const net = {
      src: '10.2.0.0/16',
      dst: '10.1.3.7/32',
      protocol: 6,
      src_ports: anyPort,
      dst_ports: anyPort,
    };
    const six = { src: '2001:db8:2::/48', dst: '::/0', protocol: 0, src_ports: anyPort, dst_ports: anyPort };
    const run = (): number => bench.word(bench.lookup(IN), SA_SELECTORS);
    const row = (index: number): number[] => {
      const at = (runFirst(run()) + index) * SELECTOR_WORDS;
      return [...bench.table.selectors.subarray(at, at + SELECTOR_WORDS)].map((word) => word >>> 0);
    };

    it('are a run of rows, and change as a whole', () => {
      install(IN, 'in');
      assert.equal(run(), 0);
      install(IN, 'in', 10, { selectors: [net, six] });
      assert.equal(runCount(run()), 2);
      assert.deepEqual(row(0).slice(0, 8), [4, 0, 6, 0, 65_535, 0, 65_535, 0]);
      assert.deepEqual(
        [8, 12, 16, 20].map((word) => row(0)[word]),
        [0x0a020000, 0xffff0000, 0x0a010307, 0xffffffff],
      );
      assert.deepEqual(row(1).slice(0, 3), [6, 1, 0]);
      assert.deepEqual(row(1).slice(8, 16), [0x20010db8, 0x00020000, 0, 0, 0xffffffff, 0xffff0000, 0, 0]);
      assert.deepEqual(row(1).slice(16, 24), [0, 0, 0, 0, 0, 0, 0, 0]);
      install(IN, 'in', 20, { selectors: null });
      assert.equal(run(), 0);
    });

    it('are used again for another SA only when no worker reads them any more', () => {
      install(IN, 'in', 0, { selectors: [net] });
      const first = run();
      install(IN, 'in', 10, { selectors: [six] });
      assert.notEqual(run(), first);
      bench.reclaim();
      install(IN, 'in', 20, { selectors: [net] });
      assert.equal(run(), first);
    });

    it('leave the SA as it was when they cannot be', () => {
      install(IN, 'in', 0, { selectors: [net] });
      const before = run();
      const wrong = [[{ ...net, src: '::/0' }], [{ ...net, src: 'nonsense' }], []];
      for (const selectors of wrong) {
        assert.throws(
          () => install(IN, 'in', 30, { selectors }),
          /of two prefixes of one family|from 1 to 255/,
        );
        assert.throws(() => install(IN + 1, 'in', 30, { selectors }));
      }
      assert.deepEqual([run(), bench.lookup(IN + 1), bench.sas.size], [before, -1, 1]);
    });
  });

  it('installs nothing when the journal cannot be written, and all of it at the next attempt', () => {
    bench.journal.watch = () => {
      throw new Error('ENOSPC');
    };
    assert.throws(() => install(OUT, 'out'), /ENOSPC/);
    assert.deepEqual([bench.sas.size, bench.active], [0, 0]);
    bench.journal.watch = () => undefined;
    install(OUT, 'out', 10);
    assert.equal(bench.activeSpi, OUT);
    assert.equal(bench.word(bench.active, SA_STATE), SA_OUTBOUND);
    assert.ok(hasKey(bench.active));
  });

  it('removes an SA: counters come back, and its key goes when no worker can use it', () => {
    install(IN, 'in');
    const row = bench.lookup(IN);
    bench.table.counters[(row << SA_COUNTERS_SHIFT) + SA_PACKETS] = 9;
    assert.equal(bench.sas.remove({ dst: LOCAL, spi: IN }, 0)?.packets, 9);
    assert.equal(bench.lookup(IN), -1);
    assert.equal(bench.word(row, SA_STATE), SA_FREE);
    assert.ok(hasKey(row), 'a worker may be opening a packet with it');
    bench.reclaim();
    assert.ok(!hasKey(row));
    assert.equal(bench.sas.remove({ dst: LOCAL, spi: IN }, 0), null);
    assert.equal(bench.sas.counters({ dst: LOCAL, spi: IN }), null);
    install(IN + 1, 'in');
    assert.notEqual(bench.lookup(IN + 1), row, 'a row is used again as late as possible');
  });

  describe('take-over after a rekey', () => {
    beforeEach(() => {
      install(IN, 'in', 0);
      install(OUT, 'out', 0);
      install(IN + 1, 'in', 5000);
      install(OUT + 1, 'out', 5000);
    });

    it('waits while nothing shows that the peer has the new SA, for a second at most', () => {
      assert.equal(bench.activeSpi, OUT);
      bench.sas.tick(5999);
      assert.equal(bench.activeSpi, OUT);
      bench.sas.tick(6000);
      assert.equal(bench.activeSpi, OUT + 1);
    });

    it('happens when the inbound twin has proved that the peer has it', () => {
      bench.prove(IN);
      bench.sas.tick(5050);
      assert.equal(bench.activeSpi, OUT, 'the old inbound SA proves nothing');
      bench.prove(IN + 1);
      bench.sas.tick(5100);
      assert.equal(bench.activeSpi, OUT + 1);
    });

    it('happens at once when the old SA is removed', () => {
      bench.sas.remove({ dst: PEER, spi: OUT }, 5001);
      assert.equal(bench.activeSpi, OUT + 1);
    });

    it('goes back to the old SA when the new one is removed first', () => {
      bench.sas.tick(6000);
      bench.sas.remove({ dst: PEER, spi: OUT + 1 }, 6001);
      assert.equal(bench.activeSpi, OUT);
      bench.sas.remove({ dst: PEER, spi: OUT }, 6002);
      assert.equal(bench.active, 0);
    });

    it('is of the newest, when a third came before the second took over', () => {
      install(OUT + 2, 'out', 5500);
      bench.sas.tick(6000);
      assert.equal(bench.activeSpi, OUT);
      bench.sas.tick(6500);
      assert.equal(bench.activeSpi, OUT + 2);
    });

    it('says which is active', () => {
      const active = bench.sas.reports().filter((sa) => sa.direction === 'out' && sa.active);
      assert.deepEqual(
        active.map((sa) => sa.spi),
        [OUT],
      );
    });
  });

  describe('and their tunnel', () => {
    const cbc = {
      cipher: 'aes-cbc' as const,
      key_hex: '11'.repeat(16),
      integrity: 'hmac-sha2-512' as const,
      integrity_key_hex: '22'.repeat(64),
      icv_bytes: 32 as const,
    };

    it('say what it makes of packets, and when that changes', () => {
      assert.equal(bench.sas.sizing(IF_ID), null);
      install(OUT, 'out');
      assert.deepEqual(bench.sas.sizing(IF_ID), {
        transform: { cipher: 'aes-gcm', integrity: 'none', icvBytes: 16 },
        family: 4,
        udp: false,
      });
      assert.deepEqual(bench.resized, [IF_ID]);
      install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 4500 } });
      assert.deepEqual([bench.sas.sizing(IF_ID)?.udp, bench.resized.length], [true, 2]);
      install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 61_000 } });
      assert.equal(bench.resized.length, 2, 'another port makes no packet longer');
      bench.sas.remove({ dst: PEER, spi: OUT }, 0);
      assert.equal(bench.sas.sizing(IF_ID)?.udp, true, 'until there is another');
      assert.equal(bench.resized.length, 2);
      install(OUT, 'out', 0, { crypto: cbc, src: '2001:db8::1', dst: '2001:db8::2' });
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
        install(IN, 'in', 0, { mode });
        install(OUT, 'out', 0, { mode });
        assert.deepEqual([bench.active, bench.word(bench.lookup(IN), SA_INTERFACE)], [0, 0]);
        const fitting = mode === 'tunnel' ? 'transport' : 'tunnel';
        install(IN + 1, 'in', 0, { mode: fitting });
        install(OUT + 1, 'out', 0, { mode: fitting });
        assert.equal(bench.activeSpi, OUT + 1);
        assert.equal(bench.word(bench.lookup(IN + 1), SA_INTERFACE), TUNNEL.row);
      });
    }
  });

  it('finds SAs of IPv6 by their whole destination, and shows their algorithms and that numbers ran out', () => {
    const [local, peer] = ['2001:db8::1', '2001:db8::2'];
    install(IN, 'in', 0, { src: peer, dst: local });
    install(OUT, 'out', 0, { src: local, dst: '2001:DB8:0:0::2', start_sequence: LAST_32 });
    assert.equal(bench.word(bench.lookup(IN, local), SA_STATE), SA_INBOUND);
    assert.deepEqual(
      bench.sas.reports().map(({ direction, algorithm, exhausted }) => [direction, algorithm, exhausted]),
      [
        ['in', 'aes-gcm-128/16', false],
        ['out', 'aes-gcm-128/16', true],
      ],
    );
    assert.equal(
      bench.sas.counters({ dst: peer, spi: OUT })?.sequence,
      LAST_32,
      'in any spelling of the address',
    );
    assert.equal(bench.sas.remove({ dst: local, spi: IN }, 0)?.packets, 0);
    assert.equal(bench.lookup(IN, local), -1);
  });

  it('binds SAs to a tunnel that comes later, and lets go of one that went', () => {
    bench.tunnels.clear();
    install(IN, 'in');
    install(OUT, 'out');
    install(OUT + 1, 'out', 10);
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

  describe('sequence numbers', () => {
    it('are in the journal before a worker may use them, however fast it is', () => {
      let checked = 0;
      bench.journal.watch = (key, sequence) => {
        // At its first reservation the SA is nobody's yet.
        if (bench.active === 0) return;
        assert.ok(bench.limit(OUT) <= bench.journalled(key), 'the limit was raised first');
        assert.ok(sequence > bench.limit(OUT));
        checked++;
      };
      install(OUT, 'out');
      assert.equal(bench.limit(OUT), BLOCK);
      for (let now = 50, used = 0; now < 5000; now += 50) {
        // Faster than the reservation: then the worker stands at its limit.
        used = Math.min(used + 3 * (now % 7) * 1_000_000, bench.limit(OUT));
        bench.use(OUT, used);
        bench.sas.tick(now);
        assert.ok(bench.limit(OUT) <= bench.journalled(KEY_OUT));
        assert.ok(bench.limit(OUT) - used >= BLOCK / 2, 'a tick leaves half a block at least');
      }
      assert.ok(checked > 10);
    });

    it('go on behind the block after a restart', () => {
      install(OUT, 'out');
      bench.use(OUT, 1000);
      bench.sas.tick(50);
      bench = bench.restarted();
      install(OUT, 'out');
      const row = bench.active;
      assert.equal(bench.word(row, SA_SEQ_LOW), BLOCK);
      assert.equal(bench.limit(OUT), 2 * BLOCK);
      assert.equal(bench.journalled(KEY_OUT), 2 * BLOCK);
    });

    it('go on behind what the SA brings from an address that it had before', () => {
      install(OUT, 'out', 0, { start_sequence: 3 * BLOCK });
      assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 3 * BLOCK);
      assert.equal(bench.limit(OUT), 4 * BLOCK);
    });

    it('begin anew for an SA that was removed: its key is gone with it', () => {
      install(OUT, 'out');
      bench.sas.remove({ dst: PEER, spi: OUT }, 0);
      bench.reclaim();
      bench = bench.restarted();
      install(OUT, 'out');
      assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 0);
    });

    it('of 32 bits end at 2^32 - 1, with one call for a rekey before', () => {
      install(OUT, 'out', 0, { start_sequence: LAST_32 - 2 ** 28 });
      bench.sas.tick(50);
      assert.deepEqual(bench.events, []);
      bench.use(OUT, LAST_32 - 2 ** 28 + 1);
      bench.sas.tick(100);
      bench.sas.tick(150);
      assert.deepEqual(bench.events, [{ kind: 'sequence-low', spi: OUT, dst: PEER }]);
      for (let now = 200; bench.limit(OUT) < LAST_32; now += 50) {
        bench.use(OUT, bench.limit(OUT));
        bench.sas.tick(now);
        assert.ok(bench.limit(OUT) <= bench.journalled(KEY_OUT));
      }
      bench.use(OUT, LAST_32);
      bench.sas.tick(60_000);
      assert.equal(bench.limit(OUT), LAST_32);
      assert.equal(bench.events.length, 1);
      bench = bench.restarted();
      install(OUT, 'out');
      bench.sas.tick(50);
      assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, LAST_32);
      assert.equal(bench.limit(OUT), LAST_32, 'nothing is left to send after a restart either');
    });

    it('of 64 bits pass 2^32', () => {
      install(OUT, 'out', 0, { esn: true, start_sequence: LAST_32 - BLOCK });
      assert.equal(bench.limit(OUT), LAST_32);
      bench.use(OUT, LAST_32 - 10);
      bench.sas.tick(50);
      assert.equal(bench.limit(OUT), LAST_32 + BLOCK);
      bench.use(OUT, LAST_32 + 5);
      bench.sas.tick(100);
      assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, LAST_32 + 5);
      assert.deepEqual(bench.events, []);
      bench = bench.restarted();
      install(OUT, 'out', 0, { esn: true });
      const row = bench.active;
      assert.deepEqual([bench.word(row, SA_SEQ_HIGH), bench.word(row, SA_SEQ_LOW)], [1, BLOCK - 1]);
    });

    it('that were received are journalled each second, and count as seen after a restart', () => {
      install(IN, 'in');
      bench.sas.tick(1000);
      bench.use(IN, 77);
      bench.sas.tick(1500);
      assert.equal(bench.journalled(KEY_IN), 0);
      bench.sas.tick(2000);
      assert.equal(bench.journalled(KEY_IN), 77);
      bench = bench.restarted();
      install(IN, 'in');
      const row = bench.lookup(IN);
      assert.equal(bench.word(row, SA_SEQ_LOW), 77);
      const window = bench.table.windows.subarray(row << WINDOW_SHIFT, (row << WINDOW_SHIFT) + 2);
      assert.deepEqual([...window], [-1, -1], 'all 64 numbers of the window have been seen');
    });
  });

  it('give outer packets the DF that their tunnel asks for, else what the SA says', () => {
    const df = (): number => bench.word(bench.row(OUT), SA_POLICY) & POLICY_DF;
    install(OUT, 'out', 0, { df: 'copy' });
    assert.equal(df(), POLICY_DF_COPY);
    bench.tunnels.set(IF_ID, { ...TUNNEL, df: 'clear' });
    bench.sas.rebind(IF_ID, 0);
    assert.equal(df(), 0);
    install(OUT, 'out', 0, { df: 'set' });
    assert.equal(df(), 0, 'what the SA says later changes nothing of that');
    bench.tunnels.set(IF_ID, TUNNEL);
    bench.sas.rebind(IF_ID, 0);
    assert.equal(df(), POLICY_DF_SET);
  });
});
