// Every algorithm and key length of ESP against node:crypto, with random packets of all lengths, by both backends.
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { espBackend } from '../../src/native/index.js';
import { ESP_CIPHERS, type EspKey } from '../../src/tables/esp-algorithms.js';
import { ESP_STATUS } from '../../src/tables/esp-job.js';
import { type EspParts, openData, sealData } from '../support/esp-oracle.js';
import { EspFrames, nameOf, open, randomKeys, randomParts, seal, spell } from './support/esp-jobs.js';
import { TestPool } from './support/pool.js';

const FRAMES = 96;
const SLOT = 17;

/** Lengths of data that a key's packets can have: all of the short ones, and some of the long. */
function lengths(key: EspKey): number[] {
  const { blockBytes } = ESP_CIPHERS[key.cipher];
  const all = Array.from({ length: 290 }, (_, length) => length);
  for (let i = 0; i < 20; i++) all.push(randomInt(290, 1600));
  return all.filter((length) => length % blockBytes === 0 && (blockBytes === 1 || length > 0));
}

interface Packet {
  frame: number;
  key: EspKey;
  parts: EspParts;
  data: Buffer;
  job: Int32Array;
}

for (const backend of ['ipsec-mb', 'openssl'] as const) {
  describe(`native crypto of ESP, against node:crypto, ${backend}`, () => {
    let pool: TestPool;
    let frames: EspFrames;
    before(() => {
      pool = new TestPool(FRAMES);
      frames = new EspFrames(pool);
      espBackend(backend);
    });
    after(() => {
      pool.close();
      espBackend('auto');
    });
    afterEach(() => {
      frames.wipeAll();
    });

    function packet(frame: number, slot: number, key: EspKey, length: number, esn: boolean): Packet {
      const [parts, data] = [randomParts(key, esn), randomBytes(length)];
      return { frame, key, parts, data, job: frames.write(frame, slot, key, parts, data) };
    }

    /** The IV as it is in the packet: sealing may have made it. */
    function withIv({ frame, key, parts }: Packet): EspParts {
      return { ...parts, iv: frames.get(frames.at(frame) + 8, ESP_CIPHERS[key.cipher].ivBytes) };
    }

    function bodyOf({ frame, key, data }: Packet): Buffer {
      return frames.get(frames.at(frame) + 8 + ESP_CIPHERS[key.cipher].ivBytes, data.length + key.icvBytes);
    }

    /** Seals all in one call, compares each, opens all, compares each. */
    function roundTrip(packets: readonly Packet[]): void {
      const jobs = packets.map(({ job }) => job);
      assert.deepEqual(seal(...jobs), new Uint8Array(jobs.length));
      for (const one of packets) {
        const expected = sealData(one.key, withIv(one), one.data);
        assert.deepEqual(bodyOf(one), expected, `${spell(one.key)}, ${one.data.length} octets`);
        assert.deepEqual(
          openData(one.key, withIv(one), expected),
          one.data,
          'the oracle opens what it seals',
        );
      }
      assert.deepEqual(open(...jobs), new Uint8Array(jobs.length));
      for (const one of packets) {
        const opened = bodyOf(one).subarray(0, one.data.length);
        assert.deepEqual(opened, one.data, `${spell(one.key)}, ${one.data.length} octets`);
      }
    }

    for (const key of randomKeys()) {
      for (const esn of [false, true]) {
        it(`${nameOf(key)}${esn ? ', extended sequence numbers' : ''}`, () => {
          frames.setKey(SLOT, key);
          const all = lengths(key);
          // Vectors of all sizes: one packet, fewer than lanes, many.
          for (let at = 0, size = 1; at < all.length; at += size, size = Math.min(size + 7, FRAMES)) {
            const some = all.slice(at, at + size);
            roundTrip(some.map((length, frame) => packet(frame, SLOT, key, length, esn)));
          }
        });
      }
    }

    it('all of them in one vector, in any order, each with a key of its own', () => {
      const keys = randomKeys();
      keys.forEach((key, i) => {
        frames.setKey(SLOT + i, key);
      });
      for (let round = 0; round < 20; round++) {
        const packets = Array.from({ length: FRAMES }, (_, frame) => {
          const slot = randomInt(keys.length);
          const key = keys[slot]!;
          const blocks = randomInt(1, 100);
          return packet(frame, SLOT + slot, key, blocks * 16, randomInt(2) === 1);
        });
        roundTrip(packets);
      }
    });

    it('opens what node:crypto sealed, and nothing of it with a bit changed', () => {
      for (const key of randomKeys()) {
        frames.setKey(SLOT, key);
        const { ivBytes } = ESP_CIPHERS[key.cipher];
        const good = packet(0, SLOT, key, 48, true);
        const wire = Buffer.concat([good.parts.header, good.parts.iv, sealData(key, good.parts, good.data)]);
        const packets = Array.from({ length: FRAMES }, (_, frame) => {
          const job = frames.write(frame, SLOT, key, good.parts, good.data);
          frames.put(frames.at(frame), wire);
          const changed = frame % 3 === 0;
          if (changed) {
            const bit = randomInt(wire.length * 8);
            pool.bytes[frames.at(frame) + (bit >> 3)]! ^= 1 << (bit & 7);
          }
          return { job, changed };
        });
        const status = open(...packets.map(({ job }) => job));
        packets.forEach(({ changed }, frame) => {
          const { ok, authenticationFailed } = ESP_STATUS;
          assert.equal(status[frame], changed ? authenticationFailed : ok, spell(key));
          const data = frames.get(frames.at(frame) + 8 + ivBytes, 48);
          assert.deepEqual(data, changed ? Buffer.alloc(48) : good.data, spell(key));
        });
        frames.wipeAll();
      }
    });
  });
}
