// Keys of ESP's crypto: which are taken, and what is said of the others.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { espBackend, espKeySet, espKeyWipe, FRAME_BYTES, NativeError } from '../../src/native/index.js';
import {
  ESP_CIPHERS,
  ESP_INTEGRITIES,
  type EspCipher,
  type EspIntegrity,
  type EspKey,
  espKeyFault,
} from '../../src/tables/esp-algorithms.js';
import { ESP_STATUS } from '../../src/tables/esp-job.js';
import { changed, EspFrames, KINDS, keyOf, randomKeys, randomParts, seal } from './support/esp-jobs.js';
import { TestPool } from './support/pool.js';

const SLOT = 4711;
const FRAMES = 2;
const { ok, badJob } = ESP_STATUS;

const isNative = (code: string) => (error: unknown) => error instanceof NativeError && error.code === code;

describe('native keys of ESP', () => {
  let pool: TestPool;
  let frames: EspFrames;
  before(() => {
    pool = new TestPool(FRAMES);
    frames = new EspFrames(pool);
    espBackend('auto');
  });
  after(() => {
    pool.close();
  });
  afterEach(() => {
    frames.wipeAll();
  });

  it('takes the keys that the table of algorithms allows, and no others', () => {
    const ciphers = Object.keys(ESP_CIPHERS) as EspCipher[];
    const integrities = Object.keys(ESP_INTEGRITIES) as EspIntegrity[];
    const keyLengths = [0, 4, 15, 16, 19, 20, 24, 28, 32, 36, 40];
    const integrityLengths = [0, 16, 20, 32, 48, 64];
    let taken = 0;
    for (const cipher of ciphers)
      for (const integrity of integrities)
        for (const bytes of keyLengths)
          for (const integrityBytes of integrityLengths)
            for (const icvBytes of [-1, 0, 4, 8, 10, 12, 16, 20, 24, 32, 48, 272]) {
              const key: EspKey = {
                cipher,
                key: new Uint8Array(bytes),
                integrity,
                integrityKey: new Uint8Array(integrityBytes),
                icvBytes,
              };
              if (espKeyFault(key) === null) {
                espKeySet(SLOT, key);
                assert.equal(espKeyWipe(SLOT), true);
                taken++;
              } else {
                assert.throws(() => espKeySet(SLOT, key), isNative('EINVAL'), JSON.stringify(key));
              }
            }
    assert.equal(taken, randomKeys().length);
  });

  it('takes blocks and IVs of the lengths that the table has', () => {
    for (const key of KINDS.map(keyOf)) {
      const { ivBytes, blockBytes } = ESP_CIPHERS[key.cipher];
      frames.setKey(SLOT, key);
      const job = frames.write(0, SLOT, key, randomParts(key, false), randomBytes(64));
      for (let length = 1; length <= 64; length++) {
        const expected = length % blockBytes === 0 ? ok : badJob;
        assert.deepEqual(
          [...seal(changed(job, { dataLength: length }))],
          [expected],
          `${key.cipher} ${length}`,
        );
      }
      const end = FRAMES * FRAME_BYTES;
      assert.deepEqual([...seal(changed(job, { ivOffset: end - ivBytes }))], [ok], key.cipher);
      assert.deepEqual([...seal(changed(job, { ivOffset: end - ivBytes + 1 }))], [badJob], key.cipher);
      frames.wipeAll();
    }
  });

  it('says what is wrong with a slot, a key in use, a name and a backend', () => {
    const key = keyOf('aes-gcm');
    assert.throws(() => espKeySet(65_536, key), isNative('EINVAL'));
    assert.throws(() => espKeySet(-1, key), isNative('EINVAL'));
    assert.throws(() => espKeySet(SLOT, { ...key, cipher: 'rot13' as EspCipher }), isNative('EINVAL'));
    assert.throws(
      () => espKeySet(SLOT, { ...keyOf('aes-cbc'), integrity: 'none', integrityKey: new Uint8Array(0) }),
      /ESP has no aes-cbc with a key of 16 bytes, none with one of 0, and an ICV of 12/,
    );
    frames.setKey(SLOT, key);
    assert.throws(() => espKeySet(SLOT, key), isNative('EEXIST'));
    assert.throws(() => espBackend('none' as 'auto'), isNative('EOPNOTSUPP'));
  });
});
