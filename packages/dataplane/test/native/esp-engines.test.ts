// The two engines that node tests run on are one: what either seals, the other opens, on frames of both sizes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { allocatePool, PacketPool } from '../../src/memory/packet-pool.js';
import { ESP_CIPHERS, type EspKey } from '../../src/tables/esp-algorithms.js';
import { ESP_JOB_WORDS, ESP_STATUS, writeEspJob } from '../../src/tables/esp-job.js';
import { ENGINES, makeEngine, type TestCrypto } from '../support/esp-crypto-engines.js';
import { nameOf, randomKeys } from './support/esp-jobs.js';

const SLOT = 9;
const FRAMES = 64;
const ROOM_BEFORE = 320;

describe('engines of ESP for tests', () => {
  let pool: PacketPool;
  let engines: TestCrypto[];
  before(() => {
    pool = new PacketPool(allocatePool(FRAMES), FRAMES);
    engines = ENGINES.map((name) => makeEngine(name, pool));
  });
  after(() => {
    for (const engine of engines) engine.close();
  });

  /** Seals random data behind a random header in the frame at `base`, opens it, and says what came of that. */
  function exchange(from: TestCrypto, to: TestCrypto, key: EspKey, base: number, length: number): void {
    const { ivBytes } = ESP_CIPHERS[key.cipher];
    const header = base + ROOM_BEFORE;
    const data = header + 8 + ivBytes;
    const clear = randomBytes(length);
    pool.bytes.set(randomBytes(8 + ivBytes), header);
    pool.bytes.set(clear, data);
    const jobs = new Int32Array(ESP_JOB_WORDS);
    const status = new Uint8Array(1);
    writeEspJob(jobs, 0, SLOT, data, length, header, header + 8, -2, 1);
    assert.equal(from.seal(jobs, 1, status), 0, nameOf(key));
    if (key.cipher !== 'null' && key.cipher !== 'aes-gmac')
      assert.ok(!clear.equals(pool.bytes.slice(data, data + length)), `${nameOf(key)} left plaintext`);
    assert.equal(to.open(jobs, 1, status), 0, nameOf(key));
    assert.ok(clear.equals(pool.bytes.slice(data, data + length)), nameOf(key));

    assert.equal(to.seal(jobs, 1, status), 0, nameOf(key));
    pool.bytes[header + 7]! ^= 1;
    assert.equal(from.open(jobs, 1, status), 1, nameOf(key));
    assert.equal(status[0], ESP_STATUS.authenticationFailed);
    assert.ok(
      pool.bytes.slice(data, data + length).every((octet) => octet === 0),
      nameOf(key),
    );
  }

  it('agree on every algorithm', () => {
    const [native, node] = engines as [TestCrypto, TestCrypto];
    for (const key of randomKeys()) {
      for (const engine of engines) engine.setKey(SLOT, key);
      exchange(native, node, key, pool.base(3), 96);
      exchange(node, native, key, pool.base(3), 1408);
      exchange(native, node, key, pool.base(FRAMES), 65_472);
      for (const engine of engines) engine.wipeKey(SLOT);
    }
  });

  it('refuse alike what a cipher cannot have, and a slot without a key', () => {
    const cbc = randomKeys().find(({ cipher }) => cipher === 'aes-cbc')!;
    const jobs = new Int32Array(ESP_JOB_WORDS);
    const status = new Uint8Array(1);
    const header = pool.base(1) + ROOM_BEFORE;
    for (const engine of engines) {
      writeEspJob(jobs, 0, SLOT, header + 24, 32, header, header + 8, 0, 0);
      assert.equal(engine.seal(jobs, 1, status), 1);
      assert.equal(status[0], ESP_STATUS.badJob);
      engine.setKey(SLOT, cbc);
      assert.equal(engine.seal(jobs, 1, status), 0);
      writeEspJob(jobs, 0, SLOT, header + 24, 33, header, header + 8, 0, 0);
      assert.equal(engine.open(jobs, 1, status), 1);
      assert.equal(status[0], ESP_STATUS.badJob);
      assert.throws(() => engine.setKey(SLOT + 1, { ...cbc, icvBytes: 13 }));
      engine.wipeKey(SLOT);
    }
  });
});
