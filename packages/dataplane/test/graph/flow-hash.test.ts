import assert from 'node:assert/strict';
import { flowHash4, flowHash6 } from '../../src/graph/flow-hash.js';
import { allocatePool, FLAG_PORTS, PACKET_START, PacketPool } from '../../src/memory/packet-pool.js';
import { flowHash } from '../../src/wire/flow.js';
import { ip4, udp } from '../support/packets.js';

/** Puts a packet with these octets of IP into a frame. */
function makePool(): { pool: PacketPool; put(packet: Uint8Array, ports?: number): number } {
  const pool = new PacketPool(allocatePool(64), 64);
  const frame = pool.alloc();
  return {
    pool,
    put(packet, ports) {
      const l3 = pool.base(frame) + PACKET_START + 14;
      pool.bytes.fill(0xa5, pool.base(frame), pool.base(frame) + 2048);
      pool.bytes.set(packet, l3);
      pool.l3[frame] = l3;
      pool.offset[frame] = l3;
      pool.length[frame] = packet.length;
      pool.flags[frame] = ports === undefined ? 0 : FLAG_PORTS;
      pool.ports[frame] = ports ?? 0xdeadbeef;
      return frame;
    },
  };
}

function ip6(nextHeader: number, payload: Uint8Array, host = 1): Uint8Array {
  const packet = new Uint8Array(40 + payload.length);
  packet.set([0x60, 0, 0, 0, payload.length >>> 8, payload.length, nextHeader, 64]);
  packet.set([0x20, 1, 0x0d, 0xb8], 8);
  packet.set([0x20, 1, 0x0d, 0xb8], 24);
  packet[39] = host;
  packet.set(payload, 40);
  return packet;
}

describe('flow hash', () => {
  const SRC = '10.0.0.1';
  const DST = '10.0.0.2';
  const flow = (src: number, dst: number, more = {}): Uint8Array =>
    ip4({ src: SRC, dst: DST, protocol: 17, payload: udp(src, dst, new Uint8Array(8)), ...more });

  it('changes with each address, protocol and port, and with the seed', () => {
    const { pool, put } = makePool();
    const hashes = [
      flowHash4(pool, put(flow(1, 2)), 5),
      flowHash4(pool, put(flow(1, 2)), 6),
      flowHash4(pool, put(flow(2, 1)), 5),
      flowHash4(pool, put(flow(1, 3)), 5),
      flowHash4(pool, put(flow(1, 2, { protocol: 6 })), 5),
      flowHash4(pool, put(flow(1, 2, { src: DST })), 5),
      flowHash4(pool, put(flow(1, 2, { dst: SRC })), 5),
      flowHash6(pool, put(ip6(17, udp(1, 2, new Uint8Array(8)))), 5),
      flowHash6(pool, put(ip6(17, udp(1, 3, new Uint8Array(8)))), 5),
      flowHash6(pool, put(ip6(17, udp(1, 2, new Uint8Array(8)), 2)), 5),
      flowHash6(pool, put(ip6(6, udp(1, 2, new Uint8Array(8)))), 5),
    ];
    assert.equal(new Set(hashes).size, hashes.length, hashes.join());
  });

  it('does not change with what is no part of the flow', () => {
    const { pool, put } = makePool();
    const expected = flowHash4(pool, put(flow(1, 2)), 5);
    for (const more of [{ ttl: 3 }, { tos: 8 }, { id: 99 }, { df: true }, { options: new Uint8Array(8) }]) {
      assert.equal(flowHash4(pool, put(flow(1, 2, more)), 5), expected, JSON.stringify(more));
    }
  });

  it('takes the ports of a fragment from virtual reassembly, or none', () => {
    const { pool, put } = makePool();
    const whole = flowHash4(pool, put(flow(1, 2)), 5);
    const none = flowHash4(pool, put(flow(1, 2, { mf: true })), 5);
    assert.notEqual(none, whole);
    assert.equal(flowHash4(pool, put(flow(7, 8, { mf: true })), 5), none);
    assert.equal(flowHash4(pool, put(flow(9, 9, { fragmentOffset: 800 })), 5), none);
    assert.equal(flowHash4(pool, put(flow(9, 9, { fragmentOffset: 800 }), (1 << 16) | 2), 5), whole);
    const whole6 = flowHash6(pool, put(ip6(17, udp(1, 2, new Uint8Array(8)))), 5);
    assert.equal(flowHash6(pool, put(ip6(17, udp(8, 9, new Uint8Array(8))), (1 << 16) | 2), 5), whole6);
    const fragment = flowHash6(pool, put(ip6(44, udp(1, 2, new Uint8Array(8)))), 5);
    assert.equal(flowHash6(pool, put(ip6(44, udp(3, 4, new Uint8Array(8)))), 5), fragment);
  });

  it('does not read ports behind the end of the packet', () => {
    const { pool, put } = makePool();
    const short = ip4({ src: SRC, dst: DST, protocol: 17, payload: new Uint8Array(3) });
    const expected = flowHash4(pool, put(short), 5);
    assert.equal(flowHash4(pool, put(short), 5), expected);
    const frame = put(short);
    pool.bytes.fill(0, pool.l3[frame]! + 20, pool.l3[frame]! + 24);
    assert.equal(flowHash4(pool, frame, 5), expected);
  });

  it('spreads flows that differ in one port evenly over the low bits', () => {
    const words = new Int32Array([0x0a000001, 0x0a000002]);
    const buckets = new Array<number>(64).fill(0);
    const flows = 64_000;
    for (let port = 0; port < flows; port++) buckets[flowHash(words, 0, 2, 17, port << 16, 1) & 63]!++;
    for (const count of buckets) assert.ok(count > 800 && count < 1200, buckets.join());
  });
});
