// Both orders of fragmentation and encryption, from one gateway's LAN to the other's.
import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { forwarded, fragmentsOf, ip4, pattern, reassemble, viewOf } from '../support/packets.js';
import { Pair } from '../support/pair.js';
import { HOST, LAN, REMOTE_HOST, tunnelTo } from '../support/site.js';
import { xorshift } from '../tables/random.js';

const twice = (packet: Uint8Array): Uint8Array => forwarded(forwarded(packet));
const offsetOf = (packet: Uint8Array): number => viewOf(packet).getUint16(6) & 0x1fff;
const datagram = (size: number, more = {}): Uint8Array =>
  ip4({ src: HOST, dst: REMOTE_HOST, id: size & 0xffff, payload: pattern(size - 20), ...more });

/** Sizes of IP packets: of a host with jumbo frames, or of Linux through a twin. */
const SIZES = [64, 1399, 1400, 1401, 1456, 1500, 1501, 2000, 4000, 8999, 9000];

for (const engine of ENGINES) {
  for (const udp of [false, true]) {
    describe(`fragmentation before and after encryption${udp ? ', in UDP' : ''} (${engine})`, () => {
      let pair: Pair;
      const start = (mtu: number, workers = 1, df: 'copy' | 'set' | 'clear' = 'clear'): void => {
        const spread = { workerIn: workers - 1, workerOut: workers - 1 };
        pair = new Pair(tunnelTo({ udp }, { mtu, ...spread, spec: { df } }), engine, workers);
      };
      afterEach(() => pair.close());

      it('before: each fragment is an ESP packet of its own, and comes out as such', () => {
        start(1400);
        for (const size of SIZES) {
          const { seen, arrived } = pair.carry(pair.near, pair.far, [datagram(size)]);
          const count = size <= 1400 ? 1 : Math.ceil((size - 20) / 1376);
          assert.equal(seen.length, count);
          assert.equal(arrived.length, count);
          assert.ok(
            seen.every((outer) => outer.length <= 1500 && (viewOf(outer).getUint16(6) & 0x3fff) === 0),
          );
          assert.deepEqual(count === 1 ? arrived[0] : reassemble(arrived), twice(datagram(size)));
          pair.near.expect(count === 1 ? {} : { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': count });
          pair.far.expect({});
        }
      });

      it('after: the outer packet is fragmented and put together, and the packet comes out as it went in', () => {
        start(1500);
        for (const size of [64, 1400, 1438, 1439, 1446, 1447, 1499, 1500]) {
          const packet = datagram(size, { df: size % 2 === 0 });
          const { seen, arrived } = pair.carry(pair.near, pair.far, [packet]);
          assert.deepEqual(arrived, [twice(packet)]);
          assert.ok(seen.every((outer) => outer.length <= 1500));
          const cut = seen.length > 1;
          assert.equal(cut, size > 1446 - (udp ? 8 : 0), `${size} octets`);
          pair.near.expect(cut ? { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 } : {});
          pair.far.expect(cut ? { 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': 2 } : {});
        }
      });

      it('after: packets in large frames, which leave as fragments only where the LAN is narrow', () => {
        start(9000);
        for (const size of SIZES) {
          const { seen, arrived } = pair.carry(pair.near, pair.far, [datagram(size)]);
          assert.deepEqual(size <= 1500 ? arrived[0] : reassemble(arrived), twice(datagram(size)));
          assert.equal(arrived.length, size <= 1500 ? 1 : Math.ceil((size - 20) / 1480));
          const cut = seen.length;
          pair.near.expect(cut > 1 ? { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': cut } : {});
          pair.far.expect({
            ...(cut > 1 ? { 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': cut } : {}),
            ...(arrived.length > 1 ? { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': arrived.length } : {}),
          });
        }
      });

      it('before: a tunnel whose MTU is larger than a frame has its fragments in large ones', () => {
        start(9000);
        const packet = datagram(65_535);
        const { arrived } = pair.carry(pair.near, pair.far, [packet]);
        assert.deepEqual(reassemble(arrived), twice(packet));
        const near = pair.near.moved();
        const far = pair.far.moved();
        // Eight inner fragments of 9,000 octets, each an ESP packet of seven outer ones; 1,500 again on the LAN.
        assert.equal(near['ip4-rewrite/too_big'], 9);
        assert.equal(far['ip4-reassembly/reassembled'], 8);
        pair.expect();
      });

      for (const mtu of [1400, 1500]) {
        it(`carries what a host has fragmented itself, 65,507 octets of payload, with an MTU of ${mtu}`, () => {
          start(mtu);
          const whole = ip4({ src: HOST, dst: REMOTE_HOST, id: 7, payload: pattern(65_515) });
          const parts = fragmentsOf(whole, 1480);
          const { arrived } = pair.carry(pair.near, pair.far, parts);
          assert.deepEqual(reassemble(arrived), twice(whole));
          // As they came, where they were not cut again.
          const byOffset = (a: Uint8Array, b: Uint8Array): number => offsetOf(a) - offsetOf(b);
          if (mtu === 1500) assert.deepEqual(arrived.sort(byOffset), parts.map(twice));
          pair.near.moved();
          pair.far.moved();
          pair.expect();
        });
      }

      it(`puts outer packets together in any order, on any worker (seed ${seed})`, () => {
        start(4000, 3);
        const random = xorshift(seed);
        const packets = Array.from({ length: 40 }, (_, i) => datagram(1900 + i * 37, { id: i }));
        pair.near.pushIp('lan', ...packets);
        pair.near.run();
        const outer = pair.near.sentIp('wan').map(forwarded);
        for (let i = outer.length - 1; i > 0; i--) {
          const other = random() % (i + 1);
          [outer[i], outer[other]] = [outer[other]!, outer[i]!];
        }
        pair.far.pushIp('wan', ...outer);
        pair.far.run();
        const byId = new Map<number, Uint8Array[]>();
        for (const part of pair.far.sentIp('lan')) {
          const id = viewOf(part).getUint16(4);
          byId.set(id, [...(byId.get(id) ?? []), part]);
        }
        for (const [i, packet] of packets.entries())
          assert.deepEqual(reassemble(byId.get(i)!), twice(packet));
        assert.equal(pair.far.moved()['ip4-reassembly/reassembled'], 40);
        pair.near.moved();
        pair.expect();
      });

      it('answers a packet with DF that is larger than the MTU with that MTU, in either order', () => {
        for (const mtu of [1400, 1500]) {
          start(mtu);
          const packet = datagram(1501, { df: true });
          pair.near.pushIp('lan', packet);
          pair.near.run();
          const [error] = pair.near.sentIp('lan');
          assert.equal(viewOf(error!).getUint16(26), mtu);
          assert.deepEqual(error!.subarray(12, 16), ip4({ src: LAN, dst: HOST }).subarray(12, 16));
          pair.near.expect({ 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 });
          if (mtu === 1400) pair.close();
        }
      });

      it("learns that its own link is too narrow for an outer packet with DF, as from anyone's error", () => {
        start(1500, 1, 'copy');
        const { seen } = pair.carry(pair.near, pair.far, [datagram(1500, { df: true })]);
        assert.deepEqual(seen, []);
        const [told] = pair.near.pathMtus();
        assert.deepEqual([told!.interface, told!.mtu], [pair.near.row('tun'), 1500]);
        pair.near.expect({
          'ip4-rewrite/df_too_big': 1,
          'ip4-icmp-error/sent': 1,
          'path-mtu/learnt': 1,
        });
      });
    });
  }
}
