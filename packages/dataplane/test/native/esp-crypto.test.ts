// Jobs of ESP's crypto: what is refused, what is left alone, and what becomes of forged packets. Keys: esp-keys. That
// the arithmetic is right: esp-known-answers and esp-cross-check.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { espBackend, espKeyWipe, espOpenJobs, espSealJobs, FRAME_BYTES } from '../../src/native/index.js';
import { ESP_CIPHERS, type EspCipher, type EspKey } from '../../src/tables/esp-algorithms.js';
import {
  ESP_AAD_LENGTH,
  ESP_ESN,
  ESP_IV_GIVEN,
  ESP_JOB_WORDS,
  ESP_STATUS,
} from '../../src/tables/esp-job.js';
import { openData } from '../support/esp-oracle.js';
import {
  changed,
  EspFrames,
  type JobWords,
  KINDS,
  keyOf,
  nameOf,
  open,
  randomKeys,
  randomParts,
  seal,
} from './support/esp-jobs.js';
import { TestPool } from './support/pool.js';

const SLOT = 4711;
const FRAMES = 40;
const { ok, authenticationFailed, badJob } = ESP_STATUS;

describe('native crypto of ESP', () => {
  let pool: TestPool;
  let frames: EspFrames;
  before(() => {
    pool = new TestPool(FRAMES);
    frames = new EspFrames(pool);
  });
  after(() => {
    pool.close();
    espBackend('auto');
  });
  afterEach(() => {
    frames.wipeAll();
  });

  for (const backend of ['ipsec-mb', 'openssl'] as const) {
    describe(backend, () => {
      before(() => {
        assert.ok(espBackend(backend).startsWith(backend));
        assert.ok(espBackend().startsWith(backend), 'and stays chosen');
      });

      for (const cipher of KINDS) {
        it(`finds every changed bit of a packet of ${cipher}, and leaves no plaintext`, () => {
          const key = keyOf(cipher);
          const { ivBytes } = ESP_CIPHERS[cipher];
          frames.setKey(SLOT, key);
          const job = frames.write(0, SLOT, key, randomParts(key, true), randomBytes(48));
          assert.deepEqual([...seal(job)], [ok]);
          const length = 8 + ivBytes + 48 + key.icvBytes;
          const wire = frames.get(frames.at(0), length);
          for (let bit = 0; bit < length * 8; bit++) {
            frames.put(frames.at(0), wire);
            pool.bytes[frames.at(0) + (bit >> 3)]! ^= 1 << (bit & 7);
            assert.deepEqual([...open(job)], [authenticationFailed], `bit ${bit}`);
            const data = frames.get(frames.at(0) + 8 + ivBytes, 48);
            assert.deepEqual(data, Buffer.alloc(48), `bit ${bit}`);
          }
        });

        it(`authenticates the high half of an extended sequence number with ${cipher}, and sends none of it`, () => {
          const key = keyOf(cipher);
          frames.setKey(SLOT, key);
          const job = frames.write(0, SLOT, key, { ...randomParts(key, false), esnHigh: 7 }, randomBytes(64));
          frames.put(
            frames.at(0) + 8 + ESP_CIPHERS[cipher].ivBytes + 64 + key.icvBytes,
            Buffer.alloc(8, 0xa5),
          );
          assert.deepEqual([...seal(job)], [ok]);
          const length = 8 + ESP_CIPHERS[cipher].ivBytes + 64 + key.icvBytes;
          const wire = frames.get(frames.at(0), length);
          assert.deepEqual(frames.get(frames.at(0) + length, 8), Buffer.alloc(8, 0xa5));
          assert.deepEqual([...open(changed(job, { esnHigh: 8 }))], [authenticationFailed]);
          frames.put(frames.at(0), wire);
          assert.deepEqual([...open(changed(job, { flags: 0 }))], [authenticationFailed]);
          frames.put(frames.at(0), wire);
          assert.deepEqual([...open(job)], [ok]);
          const icv = frames.get(frames.at(0) + length - key.icvBytes, key.icvBytes);
          assert.deepEqual(icv, wire.subarray(-key.icvBytes), 'the ICV is as it was received');
        });

        it(`cannot use ${cipher} once its key is wiped`, () => {
          const key = keyOf(cipher);
          frames.setKey(SLOT, key);
          const data = randomBytes(64);
          const job = frames.write(0, SLOT, key, randomParts(key, false), data);
          const before = frames.get(0, FRAME_BYTES);
          assert.equal(espKeyWipe(SLOT), true);
          assert.equal(espKeyWipe(SLOT), false);
          assert.deepEqual([...seal(job)], [badJob]);
          assert.deepEqual(frames.get(0, FRAME_BYTES), before);
        });
      }

      it('tells good from bad within one vector of mixed algorithms', () => {
        const keys = KINDS.map(keyOf);
        for (const [i, key] of keys.entries()) frames.setKey(SLOT + i, key);
        const packets = Array.from({ length: FRAMES }, (_, frame) => {
          const slot = frame % keys.length;
          const data = randomBytes(16 * (frame + 1));
          const key = keys[slot]!;
          return { key, data, job: frames.write(frame, SLOT + slot, key, randomParts(key, true), data) };
        });
        const jobs = packets.map(({ job }) => job);
        assert.deepEqual(seal(...jobs), new Uint8Array(FRAMES));
        const expected = new Uint8Array(FRAMES);
        for (let frame = 5; frame < 12; frame++) {
          pool.bytes[frames.at(frame) + 40]! ^= 1;
          expected[frame] = authenticationFailed;
        }
        for (const frame of [0, 14, 31]) {
          jobs[frame] = changed(jobs[frame]!, { slot: SLOT + keys.length });
          expected[frame] = badJob;
        }
        jobs[20] = changed(jobs[20]!, { dataLength: -1 });
        expected[20] = badJob;
        assert.deepEqual(open(...jobs), expected);
        for (const [frame, { key, data }] of packets.entries()) {
          const at = frames.at(frame) + 8 + ESP_CIPHERS[key.cipher].ivBytes;
          const found = frames.get(at, data.length);
          if (expected[frame] === ok) assert.deepEqual(found, data, nameOf(key));
          if (expected[frame] === authenticationFailed) assert.deepEqual(found, Buffer.alloc(data.length));
        }
      });

      it('makes IVs of aes-cbc that are all different, and leaves those of others alone', () => {
        const key = keyOf('aes-cbc');
        frames.setKey(SLOT, key);
        const seen = new Set<string>();
        for (let round = 0; round < 20; round++) {
          const jobs = Array.from({ length: FRAMES }, (_, frame) =>
            frames.write(
              frame,
              SLOT,
              key,
              { ...randomParts(key, false), iv: Buffer.alloc(16) },
              Buffer.alloc(32),
            ),
          );
          assert.deepEqual(seal(...jobs), new Uint8Array(FRAMES));
          for (let frame = 0; frame < FRAMES; frame++)
            seen.add(frames.get(frames.at(frame) + 8, 16).toString('hex'));
        }
        assert.equal(seen.size, 20 * FRAMES);
        // No bit is stuck: each is set in about half of them, and surely in one and not in all.
        const ivs = [...seen].map((iv) => Buffer.from(iv, 'hex'));
        for (let bit = 0; bit < 128; bit++) {
          const set = ivs.filter((iv) => (iv[bit >> 3]! & (1 << (bit & 7))) !== 0).length;
          assert.ok(
            set > ivs.length / 4 && set < (ivs.length * 3) / 4,
            `bit ${bit} in ${set} of ${ivs.length}`,
          );
        }
        const gcm = keyOf('aes-gcm');
        frames.setKey(SLOT + 1, gcm);
        const parts = randomParts(gcm, false);
        assert.deepEqual([...seal(frames.write(0, SLOT + 1, gcm, parts, randomBytes(10)))], [ok]);
        assert.deepEqual(frames.get(frames.at(0) + 8, 8), Buffer.from(parts.iv));
      });

      it('refuses what a cipher cannot have, and changes nothing', () => {
        const refused: [EspCipher, JobWords][] = [
          ['aes-cbc', { dataLength: 0 }],
          ['aes-cbc', { dataLength: 15 }],
          ['aes-cbc', { dataLength: 36 }],
          ['aes-cbc', { flags: ESP_AAD_LENGTH, aadLength: 8 }],
          ['aes-ctr', { flags: ESP_AAD_LENGTH, aadLength: 8 }],
          ['aes-gmac', { flags: ESP_AAD_LENGTH, aadLength: 8 }],
          ['null', { flags: ESP_AAD_LENGTH, aadLength: 8 }],
          // What is covered would end before it begins.
          ['aes-gmac', { headerOffset: 1000 }],
          ['aes-cbc', { headerOffset: 1000 }],
          ['null', { headerOffset: 1000 }],
        ];
        for (const [cipher, words] of refused) {
          const key = keyOf(cipher);
          frames.setKey(SLOT, key);
          const job = frames.write(0, SLOT, key, randomParts(key, false), randomBytes(64));
          const before = frames.get(0, FRAME_BYTES);
          assert.deepEqual([...seal(changed(job, words))], [badJob], `${cipher} ${JSON.stringify(words)}`);
          assert.deepEqual([...open(changed(job, words))], [badJob], `${cipher} ${JSON.stringify(words)}`);
          assert.deepEqual(frames.get(0, FRAME_BYTES), before);
          frames.wipeAll();
        }
      });

      for (const cipher of KINDS) {
        it(`reaches the last octet of the frames with ${cipher}, and not one further`, () => {
          const key = keyOf(cipher);
          const { ivBytes } = ESP_CIPHERS[cipher];
          frames.setKey(SLOT, key);
          const length = 8 + ivBytes + 32 + key.icvBytes;
          const atEnd = new EspFrames(pool, FRAME_BYTES - length);
          const [parts, data] = [randomParts(key, true), randomBytes(32)];
          const job = atEnd.write(FRAMES - 1, SLOT, key, parts, data);
          assert.deepEqual([...seal(job)], [ok]);
          assert.deepEqual([...open(job)], [ok]);
          assert.deepEqual(frames.get(atEnd.at(FRAMES - 1) + 8 + ivBytes, 32), data);
          const end = FRAMES * FRAME_BYTES;
          const bad: JobWords[] = [
            { slot: -1 },
            { slot: 65_536 },
            { dataOffset: -1 },
            { dataOffset: 0x7fffffff },
            { dataOffset: end - 32 - key.icvBytes + 1 },
            { dataLength: -16 },
            { dataLength: 0x7ffffff0 },
            { dataLength: 48 },
            { headerOffset: -8 },
            { headerOffset: end - 7 },
            ...(ivBytes > 0
              ? [{ ivOffset: -1 }, { ivOffset: end - ivBytes + 1 }, { ivOffset: 0x7fffffff }]
              : []),
          ];
          for (const words of bad)
            assert.deepEqual([...seal(changed(job, words))], [badJob], JSON.stringify(words));
        });
      }

      it('takes the IV of a known answer as it is, only when told', () => {
        const key = keyOf('aes-cbc');
        frames.setKey(SLOT, key);
        const parts = randomParts(key, false);
        const job = frames.write(0, SLOT, key, parts, randomBytes(16));
        assert.deepEqual([...seal(changed(job, { flags: ESP_IV_GIVEN }))], [ok]);
        assert.deepEqual(frames.get(frames.at(0) + 8, 16), Buffer.from(parts.iv));
        assert.deepEqual([...seal(job)], [ok]);
        assert.notDeepEqual(frames.get(frames.at(0) + 8, 16), Buffer.from(parts.iv));
      });

      it('seals in many threads at once with the same keys', async () => {
        const keys = KINDS.map(keyOf);
        for (const [i, key] of keys.entries()) frames.setKey(SLOT + i, key);
        const perThread = 8;
        const threads = FRAMES / perThread;
        const sealed: { key: EspKey; job: Int32Array; data: Buffer; iv: Uint8Array; header: Uint8Array }[] =
          [];
        for (let frame = 0; frame < FRAMES; frame++) {
          const slot = frame % keys.length;
          const key = keys[slot]!;
          const [parts, data] = [randomParts(key, false), randomBytes(64)];
          const job = frames.write(frame, SLOT + slot, key, parts, data);
          sealed.push({ key, job, data, iv: parts.iv, header: parts.header });
        }
        const script = new URL('./support/esp-seal-worker.js', import.meta.url);
        const ends = Array.from({ length: threads }, (_, thread) => {
          const own = sealed.slice(thread * perThread, (thread + 1) * perThread);
          const jobs = new Int32Array(perThread * ESP_JOB_WORDS);
          for (const [i, { job }] of own.entries()) jobs.set(job, i * ESP_JOB_WORDS);
          // An odd number of rounds of seal, and one less of open, leaves each packet sealed.
          const worker = new Worker(script, { workerData: { jobs, count: perThread, rounds: 500 } });
          return new Promise<number>((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
          });
        });
        assert.deepEqual(
          await Promise.all(ends),
          ends.map(() => 0),
        );
        for (const [frame, { key, data, header }] of sealed.entries()) {
          const { ivBytes } = ESP_CIPHERS[key.cipher];
          const iv = frames.get(frames.at(frame) + 8, ivBytes);
          const body = frames.get(frames.at(frame) + 8 + ivBytes, data.length + key.icvBytes);
          assert.deepEqual(openData(key, { header, iv, esnHigh: null }, body), data, nameOf(key));
        }
      });
    });
  }

  it('seals with one backend what the other opens, and keys keep the backend that they were set for', () => {
    for (const key of randomKeys()) {
      const data = randomBytes(480);
      espBackend('ipsec-mb');
      frames.setKey(SLOT, key);
      espBackend('openssl');
      frames.setKey(SLOT + 1, key);
      const mine = frames.write(0, SLOT, key, randomParts(key, true), data);
      const others = frames.write(1, SLOT + 1, key, randomParts(key, true), data);
      // One vector, two backends.
      assert.deepEqual([...seal(mine, others)], [ok, ok]);
      const swapped = [changed(mine, { slot: SLOT + 1 }), changed(others, { slot: SLOT })];
      assert.deepEqual([...open(...swapped)], [ok, ok], nameOf(key));
      for (const frame of [0, 1])
        assert.deepEqual(frames.get(frames.at(frame) + 8 + ESP_CIPHERS[key.cipher].ivBytes, 480), data);
      frames.wipeAll();
    }
  });

  it('refuses arrays that are too short, without throwing', () => {
    assert.ok(espSealJobs(new Int32Array(8), 2, new Uint8Array(2)) < 0);
    assert.ok(espSealJobs(new Int32Array(16), 2, new Uint8Array(1)) < 0);
    assert.ok(espOpenJobs(new Int32Array(16), -1, new Uint8Array(1)) < 0);
    assert.equal(espOpenJobs(new Int32Array(0), 0, new Uint8Array(0)), 0);
  });

  it('takes packets as large as IP has them, and none larger', () => {
    // Frames side by side serve as one large one: the pool is one stretch of memory.
    const data = randomBytes(65_472);
    for (const backend of ['ipsec-mb', 'openssl'] as const) {
      espBackend(backend);
      for (const key of randomKeys()) {
        frames.setKey(SLOT, key);
        const job = frames.write(0, SLOT, key, randomParts(key, true), data);
        assert.deepEqual([...seal(job)], [ok], nameOf(key));
        assert.deepEqual([...open(job)], [ok], nameOf(key));
        const at = frames.at(0) + 8 + ESP_CIPHERS[key.cipher].ivBytes;
        assert.ok(frames.get(at, data.length).equals(data), nameOf(key));
        assert.deepEqual([...seal(changed(job, { dataLength: 65_536 }))], [badJob], nameOf(key));
        frames.wipeAll();
      }
    }
  });

  it('authenticates nothing that the flag of extended sequence numbers does not ask for', () => {
    const key = keyOf('null');
    frames.setKey(SLOT, key);
    const job = frames.write(0, SLOT, key, randomParts(key, false), randomBytes(20));
    assert.deepEqual([...seal(changed(job, { esnHigh: 5 }))], [ok]);
    assert.deepEqual([...open(changed(job, { esnHigh: 6 }))], [ok]);
    assert.deepEqual([...open(changed(job, { esnHigh: 5, flags: ESP_ESN }))], [authenticationFailed]);
  });
});
