// The suite of a node of virtual reassembly: they differ in family only.
import assert from 'node:assert/strict';
import { continueArc } from '../../src/graph/arcs.js';
import { VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
import { FLAG_PORTS } from '../../src/memory/packet-pool.js';
import type { Bench, BenchOptions } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, forwarded, ip4, pattern, udp } from '../support/packets.js';
import { forwarded6, fragmentHeader, ip6 } from '../support/packets6.js';
import { FAR, FAR6, HOST, HOST6, ROUTER, ROUTER6, site6 } from '../support/site.js';

export function virtualReassemblySuite(family: 4 | 6): void {
  const name = `ip${family}-virtual-reassembly`;
  const counters = (moved: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(moved).map(([counter, by]) => [`${name}/${counter}`, by]));

  describeNode(name, () => {
    let bench: Bench;
    const start = (options: Partial<BenchOptions> = {}): void => {
      bench = site6(options);
      const row = bench.row('lan');
      const { interfaces } = bench.control;
      (family === 4 ? interfaces.features4 : interfaces.features6)[row] = 1 << VIRTUAL_REASSEMBLY_BIT;
    };
    afterEach(() => bench.close());

    const whole = udp(1111, 2222, pattern(72));
    /** Octets `from` to `to` of the datagram. */
    const part = (from: number, to: number, id = 7, payload = whole, protocol = 17): Uint8Array => {
      const octets = payload.subarray(from, to);
      const mf = to < payload.length;
      if (family === 4)
        return ip4({ src: HOST, dst: FAR, id, protocol, mf, fragmentOffset: from, payload: octets });
      const body = concat(fragmentHeader(protocol, from, mf, id), octets);
      return ip6({ src: HOST6, dst: FAR6, nextHeader: 44, payload: body });
    };
    const give = (...packets: Uint8Array[]): Uint8Array[] => {
      if (family === 4) bench.pushIp('lan', ...packets);
      else bench.pushIp6('lan', ...packets);
      bench.run();
      return family === 4 ? bench.sentIp('wan') : bench.sentIp6('wan');
    };
    const hop = family === 4 ? forwarded : forwarded6;
    const [first, middle, last] = [part(0, 24), part(24, 48), part(48, 80)];

    it('lets whole packets and fragments in order pass as they are, and forgets what is complete', () => {
      start();
      const plain = family === 4 ? ip4({ src: HOST, dst: FAR }) : ip6({ src: HOST6, dst: FAR6 });
      assert.deepEqual(give(plain, first, middle, last), [plain, first, middle, last].map(hop));
      bench.expect(counters({ told: 2 }));
      bench.now += 60_000;
      bench.run();
      bench.expect({});
    });

    it('holds what comes before its first fragment, and sends it behind that, in the order in which it came', () => {
      start();
      assert.deepEqual(give(last), []);
      assert.deepEqual(give(middle), []);
      bench.expect(counters({ waited: 2 }), 2);
      assert.deepEqual(give(first), [first, last, middle].map(hop));
      bench.expect(counters({ told: 2 }));
    });

    it('tells the ports to whoever comes next', () => {
      start();
      // Nobody on this arc looks at them here, so the frames themselves are asked, before they are given back.
      give(middle);
      const [forwarder] = bench.forwarders;
      give(first);
      const marked = Array.from({ length: bench.shared.frames }, (_, frame) => frame).filter(
        (frame) => forwarder!.pool.flags[frame]! & FLAG_PORTS,
      );
      assert.deepEqual(
        marked.map((frame) => forwarder!.pool.ports[frame]),
        [(1111 << 16) | 2222, (1111 << 16) | 2222],
      );
      bench.expect(counters({ waited: 1, told: 1 }));
      assert.equal(continueArc(0, 1 << VIRTUAL_REASSEMBLY_BIT, VIRTUAL_REASSEMBLY_BIT), 0);
    });

    it('lets duplicates pass, and refuses a datagram whose headers come twice and differ', () => {
      start();
      assert.deepEqual(give(first, first, middle, middle), [first, first, middle, middle].map(hop));
      const other = part(0, 24, 7, udp(9999, 22, pattern(72)));
      assert.deepEqual(give(part(0, 24, 8), part(0, 24, 8, udp(9999, 22, pattern(72)))), [
        hop(part(0, 24, 8)),
      ]);
      assert.deepEqual(give(part(24, 48, 8)), []);
      assert.equal(other.length, first!.length);
      bench.expect(counters({ told: 2, overlap: 2 }));
    });

    it('refuses what overlaps the first fragment', () => {
      start();
      assert.deepEqual(give(first, part(16, 32)), [hop(first!)]);
      bench.expect(counters({ overlap: 1 }));
    });

    it('refuses it all, too, when what overlaps the first fragment came before that', () => {
      start();
      assert.deepEqual(give(part(16, 32), last), []);
      assert.deepEqual(give(first), []);
      assert.deepEqual(give(middle), []);
      bench.expect(counters({ waited: 2, overlap: 4 }));
    });

    it('has all fragments of a datagram take the path that its ports choose', () => {
      const [router, other] = family === 4 ? [ROUTER, '192.0.2.253'] : [ROUTER6, '2001:db8:ffff::fd'];
      start({
        neighbours: [{ interface: 'wan', address: other, mac: '02:00:00:00:bb:fd' }],
        routes: [{ prefix: family === 4 ? `${FAR}/32` : `${FAR6}/128`, via: [router, other] }],
      });
      const used = new Set<string>();
      for (let port = 1; port <= 32; port++) {
        const datagram = udp(port, 2222, pattern(72));
        const parts = [part(0, 24, port, datagram), part(24, 80, port, datagram)];
        if (family === 4) bench.pushIp('lan', ...parts);
        else bench.pushIp6('lan', ...parts);
        bench.run();
        const stations = bench.sent('wan').map((frame) => Buffer.from(frame.subarray(0, 6)).toString('hex'));
        assert.equal(stations.length, 2);
        assert.equal(stations[0], stations[1], `the fragments of port ${port} went different ways`);
        used.add(stations[0]!);
      }
      assert.equal(used.size, 2, 'all datagrams took one path');
      bench.expect(counters({ told: 32 }));
    });

    it('refuses a TCP header that is cut, and lengths that make no sense', () => {
      start();
      const tcp = pattern(80);
      assert.deepEqual(give(part(0, 16, 9, tcp, 6)), []);
      bench.expect(counters({ tiny_fragment: 1 }));
      assert.deepEqual(give(part(24, 47, 9)), []);
      bench.expect(counters({ malformed: 1 }));
    });

    it('gives up what waits for a first fragment that does not come, in silence', () => {
      start();
      give(middle, last);
      bench.now += 10_000;
      assert.deepEqual(give(), []);
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect(counters({ waited: 2, timeout: 2 }));
      assert.equal(bench.interface('lan').drops, 2);
    });

    it('has limits: fragments, datagrams, frames', () => {
      start({ reassembly: { fragments: 2, datagrams: 8, frames: 8 } });
      give(part(24, 32), part(32, 40), part(40, 48));
      bench.expect(counters({ waited: 2, too_many_fragments: 3 }));
      for (const id of [11, 12, 13]) give(part(24, 48, id));
      bench.expect(counters({ waited: 3 }), 3);
      give(part(24, 48, 14), part(24, 48, 15));
      bench.expect(counters({ waited: 2, too_many_datagrams: 1 }), 4);
      give(part(48, 56, 15));
      bench.expect(counters({ waited: 1, too_many_frames: 1 }), 4);
    });

    it('knows a datagram on one worker, whoever received its fragments', () => {
      start({ workers: 2, frames: 16_384, ring: 16_384 });
      const ids = Array.from({ length: 40 }, (_, id) => id);
      const sent = give(...ids.map((id) => part(24, 80, id)), ...ids.map((id) => part(0, 24, id)));
      assert.equal(sent.length, 80);
      const moved = bench.moved();
      assert.ok(moved[`${name}/handed_over`]! > 20, JSON.stringify(moved));
      assert.equal(moved[`${name}/told`], 40);
      if (family === 4) bench.pushIp('lan', ...Array.from({ length: 9000 }, (_, id) => part(24, 48, id)));
      else bench.pushIp6('lan', ...Array.from({ length: 9000 }, (_, id) => part(24, 48, id)));
      for (let i = 0; i < 40; i++) bench.forwarders[0]!.round();
      assert.ok(bench.moved()[`${name}/worker_busy`]! > 0);
      bench.run();
      bench.now += 10_000;
      bench.run();
      bench.moved();
      bench.expect({});
    });
  });
}
