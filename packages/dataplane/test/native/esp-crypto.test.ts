import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  espBackend,
  espKeySet,
  espKeyWipe,
  espOpenJobs,
  espSealJobs,
  FRAME_BYTES,
  NativeError,
} from '../../src/native/index.js';
import { ESP_AAD_LENGTH, ESP_ESN, ESP_JOB, ESP_JOB_WORDS, ESP_STATUS } from '../../src/tables/esp-job.js';
import { TestPool } from './support/pool.js';
import { ESP_VECTORS, GCM_VECTORS, type GcmVector } from './vectors/gcm.js';

const SLOT = 4711;
// A frame of these tests: AAD, then the IV, then the data.
const AAD_AT = 0;
const IV_AT = 64;
const DATA_AT = 128;

type IcvBytes = 8 | 12 | 16;

const setGcm = (slot: number, key: Uint8Array, salt: Uint8Array, icvBytes: number): void =>
  espKeySet(slot, {
    cipher: 'aes-gcm',
    key: Buffer.concat([key, salt]),
    integrity: 'none',
    integrityKey: new Uint8Array(0),
    icvBytes,
  });

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('native crypto of ESP', () => {
  let pool: TestPool;
  before(() => {
    pool = new TestPool(32);
  });
  after(() => {
    pool.close();
    espBackend('auto');
  });
  afterEach(() => {
    espKeyWipe(SLOT);
  });

  function put(frame: number, at: number, bytes: Uint8Array): void {
    pool.bytes.set(bytes, frame * FRAME_BYTES + at);
  }

  function get(frame: number, at: number, length: number): Buffer {
    return Buffer.from(pool.bytes.slice(frame * FRAME_BYTES + at, frame * FRAME_BYTES + at + length));
  }

  function job(
    frame: number,
    dataLength: number,
    more: Partial<Record<keyof typeof ESP_JOB, number>> = {},
  ): Int32Array {
    const words = new Int32Array(ESP_JOB_WORDS);
    const base = frame * FRAME_BYTES;
    words[ESP_JOB.slot] = SLOT;
    words[ESP_JOB.dataOffset] = base + DATA_AT;
    words[ESP_JOB.dataLength] = dataLength;
    words[ESP_JOB.headerOffset] = base + AAD_AT;
    words[ESP_JOB.ivOffset] = base + IV_AT;
    for (const [name, value] of Object.entries(more)) words[ESP_JOB[name as keyof typeof ESP_JOB]] = value;
    return words;
  }

  function runOne(run: typeof espSealJobs, words: Int32Array): number {
    const status = new Uint8Array([0xa5]);
    const failed = run(words, 1, status);
    assert.equal(failed, status[0] === ESP_STATUS.ok ? 0 : 1);
    return status[0]!;
  }

  function checkVector(vector: GcmVector, words: (length: number) => Int32Array, aad: Uint8Array): void {
    const [nonce, plaintext, ciphertext, icv] = [
      hex(vector.nonce),
      hex(vector.plaintext),
      hex(vector.ciphertext),
      hex(vector.icv),
    ];
    setGcm(SLOT, hex(vector.key), nonce.subarray(0, 4), icv.length as IcvBytes);
    put(0, AAD_AT, aad);
    put(0, IV_AT, nonce.subarray(4));
    put(0, DATA_AT, plaintext);
    put(0, DATA_AT + plaintext.length, Buffer.alloc(20, 0xa5));

    assert.equal(runOne(espSealJobs, words(plaintext.length)), ESP_STATUS.ok);
    assert.equal(get(0, DATA_AT, plaintext.length).toString('hex'), ciphertext.toString('hex'));
    assert.equal(get(0, DATA_AT + plaintext.length, icv.length).toString('hex'), icv.toString('hex'));
    const behind = 20 - icv.length;
    assert.deepEqual(get(0, DATA_AT + plaintext.length + icv.length, behind), Buffer.alloc(behind, 0xa5));

    assert.equal(runOne(espOpenJobs, words(plaintext.length)), ESP_STATUS.ok);
    assert.equal(get(0, DATA_AT, plaintext.length).toString('hex'), plaintext.toString('hex'));
  }

  for (const backend of ['ipsec-mb', 'openssl'] as const) {
    describe(backend, () => {
      before(() => {
        assert.ok(espBackend(backend).startsWith(backend));
        assert.ok(espBackend().startsWith(backend), 'and stays chosen');
      });

      for (const vector of GCM_VECTORS) {
        it(vector.name, () => {
          const aad = hex(vector.aad);
          const more = { flags: ESP_AAD_LENGTH, aadLength: aad.length };
          checkVector(vector, (length) => job(0, length, more), aad);
        });
      }

      for (const vector of ESP_VECTORS) {
        it(vector.name, () => {
          const aad = hex(vector.aad);
          if (aad.length === 8) {
            checkVector(vector, (length) => job(0, length), aad);
            return;
          }
          // In the packet are the SPI and the low half; the high half is the receiver's own.
          const more = { flags: ESP_ESN, esnHigh: aad.readInt32BE(4) };
          checkVector(
            vector,
            (length) => job(0, length, more),
            Buffer.concat([aad.subarray(0, 4), aad.subarray(8)]),
          );
        });
      }

      for (const keyBytes of [16, 24, 32] as const) {
        for (const icvBytes of [8, 12, 16] as const) {
          it(`agrees with node:crypto: ${keyBytes * 8}-bit keys, ICV of ${icvBytes}, lengths 0 to 300 and 1400 to 1500`, () => {
            const key = randomBytes(keyBytes);
            const salt = randomBytes(4);
            setGcm(SLOT, key, salt, icvBytes);
            const cipher = `aes-${keyBytes * 8}-gcm` as 'aes-128-gcm';
            for (let length = 0; length <= 1500; length = length === 300 ? 1400 : length + 1) {
              const [aad, iv, data] = [randomBytes(8), randomBytes(8), randomBytes(length)];
              const oracle = createCipheriv(cipher, key, Buffer.concat([salt, iv]), {
                authTagLength: icvBytes,
              });
              oracle.setAAD(aad);
              const expected = Buffer.concat([oracle.update(data), oracle.final(), oracle.getAuthTag()]);
              const reproduce = `key ${key.toString('hex')} salt ${salt.toString('hex')} length ${length}`;

              put(1, AAD_AT, aad);
              put(1, IV_AT, iv);
              put(1, DATA_AT, data);
              assert.equal(runOne(espSealJobs, job(1, length)), ESP_STATUS.ok);
              assert.deepEqual(get(1, DATA_AT, length + icvBytes), expected, reproduce);
              assert.equal(runOne(espOpenJobs, job(1, length)), ESP_STATUS.ok, reproduce);
              assert.deepEqual(get(1, DATA_AT, length), data, reproduce);
            }
          });
        }
      }

      it('finds every changed bit of AAD, IV, data and ICV, and leaves no plaintext', () => {
        const [key, salt, aad, iv, data] = [16, 4, 8, 8, 37].map((length) => randomBytes(length)) as [
          Buffer,
          Buffer,
          Buffer,
          Buffer,
          Buffer,
        ];
        setGcm(SLOT, key, salt, 16);
        put(0, AAD_AT, aad);
        put(0, IV_AT, iv);
        put(0, DATA_AT, data);
        assert.equal(runOne(espSealJobs, job(0, data.length)), ESP_STATUS.ok);
        const sealed = get(0, DATA_AT, data.length + 16);
        const places: [number, number][] = [
          [AAD_AT, 8],
          [IV_AT, 8],
          [DATA_AT, data.length + 16],
        ];
        for (const [at, length] of places) {
          for (let bit = 0; bit < length * 8; bit++) {
            put(0, AAD_AT, aad);
            put(0, IV_AT, iv);
            put(0, DATA_AT, sealed);
            pool.bytes[at + (bit >> 3)]! ^= 1 << (bit & 7);
            assert.equal(
              runOne(espOpenJobs, job(0, data.length)),
              ESP_STATUS.authenticationFailed,
              `${at} ${bit}`,
            );
            assert.deepEqual(get(0, DATA_AT, data.length), Buffer.alloc(data.length), `${at} ${bit}`);
          }
        }
      });

      it('authenticates the high half of an extended sequence number', () => {
        setGcm(SLOT, randomBytes(32), randomBytes(4), 16);
        put(0, DATA_AT, randomBytes(64));
        const sealed = (esnHigh: number): Int32Array => job(0, 64, { flags: ESP_ESN, esnHigh });
        assert.equal(runOne(espSealJobs, sealed(7)), ESP_STATUS.ok);
        const packet = get(0, DATA_AT, 80);
        assert.equal(runOne(espOpenJobs, sealed(8)), ESP_STATUS.authenticationFailed);
        put(0, DATA_AT, packet);
        assert.equal(runOne(espOpenJobs, sealed(7)), ESP_STATUS.ok);
      });

      it('tells good from bad within one batch', () => {
        setGcm(SLOT, randomBytes(16), randomBytes(4), 16);
        const count = 24;
        const jobs = new Int32Array(count * ESP_JOB_WORDS);
        for (let i = 0; i < count; i++) jobs.set(job(i, 40 + i), i * ESP_JOB_WORDS);
        const status = new Uint8Array(count);
        assert.equal(espSealJobs(jobs, count, status), 0);
        pool.bytes[5 * FRAME_BYTES + DATA_AT]! ^= 1;
        jobs[9 * ESP_JOB_WORDS + ESP_JOB.slot] = SLOT + 1;
        assert.equal(espOpenJobs(jobs, count, status), 2);
        const expected = new Uint8Array(count);
        expected[5] = ESP_STATUS.authenticationFailed;
        expected[9] = ESP_STATUS.badJob;
        assert.deepEqual(status, expected);
      });

      it('cannot be asked for more once its key is wiped', () => {
        setGcm(SLOT, randomBytes(16), randomBytes(4), 16);
        put(0, DATA_AT, Buffer.alloc(64, 1));
        assert.equal(espKeyWipe(SLOT), true);
        assert.equal(espKeyWipe(SLOT), false);
        assert.equal(runOne(espSealJobs, job(0, 64)), ESP_STATUS.badJob);
        assert.deepEqual(get(0, DATA_AT, 64), Buffer.alloc(64, 1));
      });
    });
  }

  it('seals with one backend what the other opens, and keys keep the backend that they were set for', () => {
    const [key, salt, data] = [randomBytes(32), randomBytes(4), randomBytes(900)];
    espBackend('ipsec-mb');
    setGcm(SLOT, key, salt, 16);
    put(0, DATA_AT, data);
    espBackend('openssl');
    assert.equal(runOne(espSealJobs, job(0, data.length)), ESP_STATUS.ok);
    espKeyWipe(SLOT);
    setGcm(SLOT, key, salt, 16);
    assert.equal(runOne(espOpenJobs, job(0, data.length)), ESP_STATUS.ok);
    assert.deepEqual(get(0, DATA_AT, data.length), data);
  });

  it('opens what node:crypto seals in the layout of RFC 4106, as ESP is on the wire', () => {
    const [key, salt] = [randomBytes(16), randomBytes(4)];
    espBackend('auto');
    setGcm(SLOT, key, salt, 16);
    const header = hex('0000123400000001'); // SPI, sequence number
    const iv = hex('0000000000000001');
    const inner = Buffer.concat([randomBytes(84), hex('01020204')]); // padding 1, 2; length 2; next header IPv4
    const oracle = createCipheriv('aes-128-gcm', key, Buffer.concat([salt, iv])).setAAD(header);
    const esp = Buffer.concat([header, iv, oracle.update(inner), oracle.final(), oracle.getAuthTag()]);

    const base = 3 * FRAME_BYTES + 258 + 34;
    pool.bytes.set(esp, base);
    const words = Int32Array.of(SLOT, base + 16, esp.length - 32, base, base + 8, 0, 0, 0);
    assert.equal(runOne(espOpenJobs, words), ESP_STATUS.ok);
    assert.deepEqual(Buffer.from(pool.bytes.slice(base + 16, base + 16 + inner.length)), inner);
    assert.equal(runOne(espSealJobs, words), ESP_STATUS.ok);
    const back = createDecipheriv('aes-128-gcm', key, Buffer.concat([salt, iv])).setAAD(header);
    const wire = Buffer.from(pool.bytes.slice(base, base + esp.length));
    back.setAuthTag(wire.subarray(-16));
    assert.deepEqual(Buffer.concat([back.update(wire.subarray(16, -16)), back.final()]), inner);
  });

  it('refuses jobs that reach outside the frames', () => {
    setGcm(SLOT, randomBytes(16), randomBytes(4), 16);
    const end = pool.frames * FRAME_BYTES;
    const bad: Partial<Record<keyof typeof ESP_JOB, number>>[] = [
      { slot: -1 },
      { slot: 65_536 },
      { dataOffset: -1 },
      { dataLength: -1 },
      { dataLength: 0x7fffffff },
      { dataOffset: end - 64 - 15 },
      { headerOffset: end - 7 },
      { headerOffset: -8 },
      { ivOffset: end - 7 },
      { ivOffset: 0x7fffffff },
      { flags: ESP_AAD_LENGTH, aadLength: -1 },
      { flags: ESP_AAD_LENGTH, aadLength: end + 1 },
    ];
    for (const more of bad)
      assert.equal(runOne(espSealJobs, job(0, 64, more)), ESP_STATUS.badJob, JSON.stringify(more));
    assert.equal(runOne(espSealJobs, job(0, 64, { dataOffset: end - 64 - 16 })), ESP_STATUS.ok);
  });

  it('refuses arrays that are too short, without throwing', () => {
    assert.ok(espSealJobs(new Int32Array(8), 2, new Uint8Array(2)) < 0);
    assert.ok(espSealJobs(new Int32Array(16), 2, new Uint8Array(1)) < 0);
    assert.ok(espSealJobs(new Int32Array(16), -1, new Uint8Array(1)) < 0);
  });

  it('says what is wrong with a key', () => {
    const bad: [number, number, number, number, string][] = [
      [SLOT, 15, 4, 16, 'EINVAL'],
      [SLOT, 16, 3, 16, 'EINVAL'],
      [SLOT, 16, 4, 10, 'EINVAL'],
      [65_536, 16, 4, 16, 'EINVAL'],
      [-1, 16, 4, 16, 'EINVAL'],
    ];
    const isA = (code: string) => (error: unknown) => error instanceof NativeError && error.code === code;
    for (const [slot, key, salt, icv, code] of bad) {
      assert.throws(() => setGcm(slot, randomBytes(key), randomBytes(salt), icv as IcvBytes), isA(code));
    }
    setGcm(SLOT, randomBytes(16), randomBytes(4), 16);
    assert.throws(() => setGcm(SLOT, randomBytes(16), randomBytes(4), 16), isA('EEXIST'));
    assert.throws(() => espBackend('none' as 'auto'), isA('EOPNOTSUPP'));
  });
});
