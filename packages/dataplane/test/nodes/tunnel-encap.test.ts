import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import * as SA from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espOpen } from '../support/esp.js';
import { gre, siteOfKind } from '../support/gre-site.js';
import { concat, forwarded, hex, ip4, pattern, udp, viewOf } from '../support/packets.js';
import { Pair } from '../support/pair.js';
import { HOST, PEER, REMOTE_HOST, SPI_OUT, saOf, tunnelTo, WAN } from '../support/site.js';

const clear = (more: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
  ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(40), ...more });
const outer = (
  protocol: number,
  payload: Uint8Array,
  more: Partial<Parameters<typeof ip4>[0]> = {},
): Uint8Array => ip4({ src: WAN, dst: PEER, protocol, payload, ...more });
/** The identification of an outer header is anybody's. */
const idOf = (packet: Uint8Array): number => viewOf(packet).getUint16(4);

describeNode('tunnel-encap', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const kinds: [string, Parameters<typeof siteOfKind>[0], number, (inner: Uint8Array) => Uint8Array][] = [
    ['GRE', { kind: 'gre' }, 47, (payload) => gre({ payload })],
    ['GRE with a key', { kind: 'gre', key: 0xfffffffe }, 47, (payload) => gre({ payload, key: 0xfffffffe })],
    ['IPIP', { kind: 'ipip' }, 4, (payload) => payload],
  ];
  for (const [what, section, protocol, wrap] of kinds) {
    it(`${what}: every octet of the outer packet, in clear`, () => {
      bench = siteOfKind({ ...section, protect: 'none' }, true);
      const inner = clear({ tos: 0xb8 | 1, df: true });
      bench.pushIp('lan', inner);
      bench.run();
      const [packet] = bench.sentIp('wan');
      const expected = outer(protocol, wrap(forwarded(inner)), { tos: 0xb9, df: true, id: idOf(packet!) });
      assert.equal(hex(packet!), hex(expected));
      assert.deepEqual([bench.interface('tun').txPackets, bench.interface('tun').txBytes], [1, inner.length]);
      bench.expect({});
    });

    it(`${what}: every octet of what the SA protects, of every length`, () => {
      bench = siteOfKind(section);
      for (let size = 20; size <= 1300; size += size < 60 ? 1 : 73) {
        const inner = clear({ payload: pattern(size - 20, size), tos: 0x48 });
        bench.pushIp('lan', inner);
        bench.run();
        const [packet] = bench.sentIp('wan');
        const opened = espOpen(saOf(SPI_OUT), packet!.subarray(20));
        assert.deepEqual([opened.nextHeader, hex(opened.inner)], [protocol, hex(wrap(forwarded(inner)))]);
        const expected = outer(50, packet!.subarray(20), { tos: 0x48, id: idOf(packet!) });
        assert.equal(hex(packet!), hex(expected));
      }
      bench.expect({});
    });
  }

  it('goes in UDP where the SA says so', () => {
    const tunnel = tunnelTo({ udp: true }, { section: { kind: 'gre' }, spec: { mode: 'transport' } });
    bench = siteOfKind({ kind: 'gre' }, false, { tunnels: [tunnel] });
    bench.pushIp('lan', clear());
    bench.run();
    const [packet] = bench.sentIp('wan');
    const esp = packet!.subarray(28);
    assert.deepEqual(espOpen(saOf(SPI_OUT), esp).inner, gre({ payload: forwarded(clear()) }));
    assert.deepEqual(packet, outer(17, udp(4500, 4500, esp), { id: idOf(packet!) }));
    bench.expect({});
  });

  const losses: [string, () => void][] = [
    [
      'without an SA',
      () => {
        bench.control.interfaces.tunnelSa[bench.row('tun')] = 0;
      },
    ],
    [
      'with an SA that is gone',
      () => {
        bench.control.sa('tun out').words[SA.SA_STATE] = SA.SA_FREE;
      },
    ],
  ];
  for (const [what, lose] of losses) {
    it(`sends nothing in clear ${what}, when the tunnel requires IPsec`, () => {
      bench = siteOfKind({ kind: 'gre' });
      lose();
      bench.pushIp('lan', clear());
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      const ends = { src: WAN, dst: PEER, protocol: 47 };
      assert.deepEqual(bench.saEvents(), [{ kind: 'acquire', if_id: bench.row('tun'), ...ends }]);
      bench.expect({ 'tunnel-encap/unprotected': 1 });
    });
  }

  it('is down', () => {
    bench = siteOfKind({ kind: 'gre', protect: 'none' }, true);
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.pushIp('lan', clear());
    bench.run();
    // esp-encrypt is where every tunnel begins.
    bench.expect({ 'esp-encrypt/tunnel_down': 1 });
  });

  it('goes down while a packet is on its way to it', () => {
    bench = siteOfKind({ kind: 'gre', protect: 'none' }, true, { workers: 2 });
    const { pool } = bench;
    const frame = bench.frameOf(clear(), 258 + 14);
    pool.l3[frame] = pool.offset[frame]!;
    pool.txInterface[frame] = bench.row('tun');
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.handOver('tunnel-encap', frame);
    bench.run();
    bench.expect({ 'tunnel-encap/tunnel_down': 1 });
  });

  it('ends a tunnel whose own packets lead into it', () => {
    bench = siteOfKind({ kind: 'ipip', protect: 'none' }, true);
    bench.control.addRoute({ prefix: `${PEER}/32`, via: 'tun' });
    bench.pushIp('lan', clear());
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'esp-encrypt/tunnel_loop': 1 });
  });

  it('has no room before the packet for the outer header', () => {
    bench = siteOfKind({ kind: 'gre', protect: 'none' }, true);
    const { pool } = bench;
    for (const [room, moved] of [
      [40, {}],
      [36, { 'tunnel-encap/no_room': 1 }],
    ] as const) {
      const frame = bench.frameOf(clear(), room);
      pool.l3[frame] = pool.offset[frame]!;
      pool.txInterface[frame] = bench.row('tun');
      bench.handOver('tunnel-encap', frame);
      bench.run();
      assert.equal(bench.sentIp('wan').length, room === 40 ? 1 : 0);
      bench.expect(moved);
    }
  });

  it('lets an SA of tunnel mode seal nothing but whole packets, and one of transport mode nothing but its own', () => {
    bench = siteOfKind({ kind: 'gre' });
    bench.control.tunnels.remove(bench.row('tun'));
    bench.pushIp('lan', clear());
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'esp-encrypt/no_sa': 1 });
  });

  for (const section of [{ kind: 'gre' }, { kind: 'gre', key: 7 }, { kind: 'ipip' }] as const) {
    for (const workers of [1, 2]) {
      it(`${section.kind}${'key' in section ? ' with a key' : ''} joins two gateways of ${workers} workers, both ways`, () => {
        const spread = { workerIn: workers - 1, workerOut: workers - 1 };
        const tunnel = tunnelTo({}, { section, spec: { mode: 'transport' }, ...spread });
        const pair = new Pair(tunnel, 'native', workers);
        bench = pair.near;
        try {
          const out = Array.from({ length: 300 }, (_, id) => clear({ id, payload: pattern(id) }));
          assert.deepEqual(pair.carry(pair.near, pair.far, out).arrived, out.map(forwarded).map(forwarded));
          const back = out.map((_, id) => ip4({ src: REMOTE_HOST, dst: HOST, id, payload: pattern(id) }));
          assert.deepEqual(pair.carry(pair.far, pair.near, back).arrived, back.map(forwarded).map(forwarded));
          const moved = workers === 1 ? {} : { 'esp-encrypt/handed_over': 300, 'esp-input/handed_over': 300 };
          pair.expect(moved);
        } finally {
          pair.close();
        }
      });
    }
  }

  it('keeps IP options and fragments of the inner packet as they are', () => {
    bench = siteOfKind({ kind: 'ipip', protect: 'none' }, true);
    const inner = clear({ options: concat(pattern(4).fill(1)), mf: true, id: 9 });
    bench.pushIp('lan', inner);
    bench.run();
    assert.deepEqual(
      bench.sentIp('wan').map((packet) => packet.slice(20)),
      [forwarded(inner)],
    );
    bench.expect({});
  });
});
