// ESP that is measured: what comes out is sealed, or is what was sealed, and every packet has moved the counters of SAs.
import assert from 'node:assert/strict';
import { ALGORITHMS, espOpen, espSeal } from '../src/cases/esp.js';

const PACKETS = 64;
const OCTETS = 300;

describe('ESP', () => {
  for (const algorithm of ALGORITHMS) {
    it(`${algorithm}: seals all packets of a batch, numbers going up`, () => {
      const loop = espSeal({ algorithm, octets: OCTETS, sas: 1, packets: PACKETS });
      try {
        for (let batch = 1; batch <= 2; batch++) {
          loop.fill();
          assert.equal(loop.run(), PACKETS);
          const last = Buffer.from(loop.sample(), 'hex');
          assert.equal(last[14 + 9], 50, 'protocol: ESP');
          assert.ok(last.length > 14 + 20 + 8 + OCTETS + 2 + 16);
          assert.equal(last.readUInt32BE(14 + 20), 0x1000_0000, 'SPI');
          assert.equal(last.readUInt32BE(14 + 24), batch * PACKETS, 'sequence number');
        }
        assert.equal(loop.gateway.packetsOf('esp-encrypt'), 2 * PACKETS);
      } finally {
        loop.close();
      }
    });

    it(`${algorithm}: opens what was sealed, by random tunnels`, () => {
      const loop = espOpen({ algorithm, octets: OCTETS, sas: 20, packets: PACKETS });
      try {
        for (let batch = 0; batch < 3; batch++) {
          loop.fill();
          assert.equal(loop.run(), PACKETS);
        }
        assert.equal(loop.gateway.packetsOf('esp-decrypt'), 3 * PACKETS);
        const last = Buffer.from(loop.sample(), 'hex');
        assert.equal(last.length, 14 + OCTETS);
        // From the near gateway's port to the host behind it: opened, and a hop further.
        assert.equal(last.subarray(0, 12).toString('hex'), '02000000ff01020000000101');
        assert.equal(last.readUInt16BE(16), OCTETS);
        assert.equal(last[14 + 8], 63);
        assert.equal(last.readUInt32BE(14 + 12), 0x0a010002);
        assert.equal(last[14 + 16], 11);
      } finally {
        loop.close();
      }
    });
  }
});
