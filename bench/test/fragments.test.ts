// What is measured of fragments: datagrams that are cut and put together again, octet for octet.
import assert from 'node:assert/strict';
import { FRAGMENTS, fragment, reassembly } from '../src/cases/fragments.js';

describe('fragments', () => {
  it('come out three for a packet, and every frame comes back', () => {
    const loop = fragment({ datagrams: 100 });
    try {
      for (let batch = 1; batch <= 100; batch++) {
        loop.fill();
        assert.equal(loop.run(), 100 * FRAGMENTS);
        loop.check();
      }
      assert.equal(loop.gateway.packetsOf('ip4-frag'), 100 * 100);
      const last = Buffer.from(loop.sample(), 'hex');
      // 1480 octets of payload: two times 552, and the rest behind them.
      assert.equal(last.length, 14 + 20 + 1480 - 2 * 552);
      assert.equal(last.readUInt16BE(14 + 6), (2 * 552) / 8);
    } finally {
      loop.close();
    }
  });

  it('are put together to the datagram that they were', () => {
    const loop = reassembly({ datagrams: 80 });
    try {
      for (let batch = 1; batch <= 100; batch++) {
        loop.fill();
        assert.equal(loop.run(), 80);
        loop.check();
      }
      assert.equal(loop.gateway.packetsOf('ip4-reassembly'), 100 * 80 * FRAGMENTS);
      const last = Buffer.from(loop.sample(), 'hex');
      assert.equal(last.length, 14 + 1500);
      for (let i = 4; i < 1480; i++)
        assert.equal(last[14 + 20 + i], ((i * 7) ^ (i >> 8)) & 255, `octet ${i}`);
    } finally {
      loop.close();
    }
  });
});
