// What ESP's algorithms cost: ns per packet, in vectors as the nodes have them. The fastest of many vectors, since
// whatever else runs on the machine only ever adds.
//
//   node dist/test/bench/esp-crypto.js [ipsec-mb|openssl]
import { randomBytes } from 'node:crypto';
import { espBackend, espOpenJobs, espSealJobs } from '../../src/native/index.js';
import { ESP_CIPHERS, type EspKey } from '../../src/tables/esp-algorithms.js';
import { ESP_JOB_WORDS, writeEspJob } from '../../src/tables/esp-job.js';
import { EspFrames, nameOf, randomKeys, randomParts } from '../native/support/esp-jobs.js';
import { TestPool } from '../native/support/pool.js';

const VECTOR = 256;
const TURNS = 300;
const SLOT = 1;
const NO_SLOT = 2;

const backend = process.argv[2];
if (backend !== undefined && backend !== 'ipsec-mb' && backend !== 'openssl')
  throw new Error(`no backend is called ${backend}: ipsec-mb or openssl`);

const pool = new TestPool(VECTOR);
const frames = new EspFrames(pool);
const status = new Uint8Array(VECTOR);
const jobs = new Int32Array(VECTOR * ESP_JOB_WORDS);

/** Nanoseconds that a vector takes. */
function nsOf(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

function writeJobs(key: EspKey, slot: number, length: number): void {
  const { ivBytes } = ESP_CIPHERS[key.cipher];
  for (let i = 0; i < VECTOR; i++) {
    const header = frames.at(i);
    writeEspJob(jobs, i, slot, header + 8 + ivBytes, length, header, header + 8, 0, 0);
  }
}

/** Seal and open, in turn: what opens must have been sealed. */
function measure(key: EspKey, length: number): [number, number] {
  for (let i = 0; i < VECTOR; i++) frames.write(i, SLOT, key, randomParts(key, false), randomBytes(length));
  let [seal, open, failed] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  for (let turn = 0; turn < TURNS; turn++) {
    const sealing = nsOf(() => {
      writeJobs(key, SLOT, length);
      failed += espSealJobs(jobs, VECTOR, status);
    });
    const opening = nsOf(() => {
      writeJobs(key, SLOT, length);
      failed += espOpenJobs(jobs, VECTOR, status);
    });
    seal = Math.min(seal, sealing / VECTOR);
    open = Math.min(open, opening / VECTOR);
  }
  if (failed !== 0) throw new Error(`${failed} jobs of ${nameOf(key)} failed`);
  return [seal, open];
}

function nothing(key: EspKey): number {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS; turn++) {
    const spent = nsOf(() => {
      writeJobs(key, NO_SLOT, 64);
      espSealJobs(jobs, VECTOR, status);
    });
    best = Math.min(best, spent / VECTOR);
  }
  return best;
}

try {
  process.stdout.write(`${espBackend(backend)}, vectors of ${VECTOR}, ns per packet\n\n`);
  process.stdout.write(`${''.padEnd(34)}     64 bytes      1400 bytes\n`);
  process.stdout.write(`${''.padEnd(34)}   seal   open   seal   open\n`);
  const keys = randomKeys();
  process.stdout.write(
    `${'the loop without a key'.padEnd(34)} ${nothing(keys[0]!).toFixed(0).padStart(6)}\n`,
  );
  for (const key of keys) {
    frames.setKey(SLOT, key);
    // 1408: the multiple of AES-CBC's block next to 1400.
    const figures = [
      ...measure(key, 64),
      ...measure(key, ESP_CIPHERS[key.cipher].blockBytes === 16 ? 1408 : 1400),
    ];
    process.stdout.write(
      `${nameOf(key).padEnd(34)} ${figures.map((ns) => ns.toFixed(0).padStart(6)).join(' ')}\n`,
    );
    frames.wipeAll();
  }
} finally {
  frames.wipeAll();
  pool.close();
}
