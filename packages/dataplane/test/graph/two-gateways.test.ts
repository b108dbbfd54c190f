import assert from 'node:assert/strict';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { forwarded, hex, ip4, pattern, viewOf } from '../support/packets.js';
import { Pair } from '../support/pair.js';
import { HOST, REMOTE_HOST, type TunnelVariant, tunnelTo } from '../support/site.js';

const twice = (packet: Uint8Array): Uint8Array => forwarded(forwarded(packet));

for (const engine of ENGINES) {
  describe(`two gateways, ${engine}`, () => {
    const variants: [string, TunnelVariant][] = [
      ['plain', {}],
      ['in UDP', { udp: true }],
      ['ESN', { esn: true }],
      ['AES-256, ESN, in UDP', { key: 32, esn: true, udp: true }],
    ];
    for (const [what, variant] of variants) {
      it(`${what}: every length from 20 to 1400 octets comes out as it went in, both ways`, () => {
        const pair = new Pair(tunnelTo(variant), engine);
        try {
          for (let size = 20; size <= 1400; size += 60) {
            const sizes = Array.from({ length: Math.min(60, 1401 - size) }, (_, i) => size + i);
            const make = (src: string, dst: string) => (length: number) =>
              ip4({ src, dst, id: length, tos: length & 0xff, payload: pattern(length - 20, length) });
            const out = sizes.map(make(HOST, REMOTE_HOST));
            assert.deepEqual(pair.carry(pair.near, pair.far, out).arrived.map(hex), out.map(twice).map(hex));
            const back = sizes.map(make(REMOTE_HOST, HOST));
            assert.deepEqual(
              pair.carry(pair.far, pair.near, back).arrived.map(hex),
              back.map(twice).map(hex),
            );
          }
          pair.expect();
          assert.equal(pair.near.interface('tun').rxBytes, pair.far.interface('tun').txBytes);
          assert.equal(pair.far.interface('tun').rxPackets, 1381);
        } finally {
          pair.close();
        }
      });
    }

    it('shows the router DSCP and ECN of the inner packet (RFC 4301 section 5.1.2.1), and nothing else of it', () => {
      const pair = new Pair(tunnelTo(), engine);
      try {
        const packets = Array.from({ length: 256 }, (_, tos) =>
          ip4({ src: HOST, dst: REMOTE_HOST, tos, payload: new Uint8Array(64).fill(0x42) }),
        );
        const { seen, arrived } = pair.carry(pair.near, pair.far, packets);
        assert.deepEqual(
          seen.map((outer) => outer[1]),
          packets.map((inner) => inner[1]),
        );
        assert.deepEqual(arrived, packets.map(twice));
        for (const outer of seen) assert.ok(!hex(outer).includes('42424242'));
        pair.expect();
      } finally {
        pair.close();
      }
    });

    it('keeps the order of each flow when other workers own the SAs', () => {
      const pair = new Pair(tunnelTo({}, { workerIn: 1, workerOut: 1 }), engine, 2);
      try {
        const packets = Array.from({ length: 500 }, (_, i) =>
          ip4({ src: HOST, dst: REMOTE_HOST, id: i, payload: pattern(1 + ((i * 7) % 200)) }),
        );
        const { arrived } = pair.carry(pair.near, pair.far, packets);
        assert.deepEqual(arrived, packets.map(twice));
        const [worker0, worker1] = pair.far.forwarders;
        assert.equal(worker0!.counters.interfaces[pair.far.row('tun') << 3], 0);
        assert.equal(worker1!.counters.interfaces[pair.far.row('tun') << 3], 500);
        pair.near.expect({ 'esp-encrypt/handed_over': 500 });
        pair.far.expect({ 'esp-input/handed_over': 500 });
      } finally {
        pair.close();
      }
    });

    it('refuses a second copy of everything that the router repeats', () => {
      const pair = new Pair(tunnelTo({ window: 1024 }), engine);
      try {
        const packets = Array.from({ length: 300 }, (_, i) => ip4({ src: HOST, dst: REMOTE_HOST, id: i }));
        const { seen, arrived } = pair.carry(pair.near, pair.far, packets);
        assert.equal(arrived.length, 300);
        pair.far.pushIp('wan', ...seen.map(forwarded).reverse());
        pair.far.run();
        assert.deepEqual(pair.far.sent('lan'), []);
        pair.near.expect({});
        pair.far.expect({ 'esp-decrypt/replayed': 300 });
      } finally {
        pair.close();
      }
    });

    it('does not mark outer packets with DF, so that a narrow path may fragment them', () => {
      const pair = new Pair(tunnelTo(), engine);
      try {
        const { seen } = pair.carry(pair.near, pair.far, [
          ip4({ src: HOST, dst: REMOTE_HOST, df: true, payload: pattern(1380) }),
        ]);
        assert.equal(viewOf(seen[0]!).getUint16(6), 0);
        assert.ok(seen[0]!.length <= 1500);
        pair.expect();
      } finally {
        pair.close();
      }
    });
  });
}
