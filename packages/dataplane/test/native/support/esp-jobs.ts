// Packets for the crypto of ESP: laid out in frames as on the wire, with jobs for them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { espKeySet, espKeyWipe, espOpenJobs, espSealJobs, FRAME_BYTES } from '../../../src/native/index.js';
import {
  ESP_CIPHERS,
  ESP_INTEGRITIES,
  type EspCipher,
  type EspIntegrity,
  type EspKey,
  espName,
} from '../../../src/tables/esp-algorithms.js';
import { ESP_ESN, ESP_JOB, ESP_JOB_WORDS, ESP_STATUS } from '../../../src/tables/esp-job.js';
import type { EspParts } from '../../support/esp-oracle.js';
import type { TestPool } from './pool.js';

export type JobWords = Partial<Record<keyof typeof ESP_JOB, number>>;

/** Every transform that there is, with random keys of every length. */
export function randomKeys(): EspKey[] {
  const keys: EspKey[] = [];
  for (const [cipher, { keyBytes, saltBytes, icvBytes: own }] of Object.entries(ESP_CIPHERS)) {
    for (const [integrity, { keyBytes: hmacBytes, icvBytes: hmacIcvs }] of Object.entries(ESP_INTEGRITIES)) {
      if ((integrity === 'none') !== own.length > 0) continue;
      for (const bytes of keyBytes) {
        for (const icvBytes of own.length > 0 ? own : hmacIcvs) {
          keys.push({
            cipher: cipher as EspCipher,
            key: randomBytes(bytes + saltBytes),
            integrity: integrity as EspIntegrity,
            integrityKey: randomBytes(hmacBytes),
            icvBytes,
          });
        }
      }
    }
  }
  return keys;
}

/** One transform of each kind. */
export const KINDS = ['aes-gcm', 'aes-gmac', 'aes-cbc', 'aes-ctr', 'chacha20-poly1305', 'null'] as const;

/** A key of a transform's kind. */
export function keyOf(cipher: EspCipher): EspKey {
  const found = randomKeys().find((key) => key.cipher === cipher);
  assert.ok(found);
  return found;
}

export const nameOf = (key: EspKey): string => espName(key, key.key.length);

/** For a failing case to be had again. */
export const spell = (key: EspKey): string =>
  `${nameOf(key)}: ${Buffer.from(key.key).toString('hex')} ${Buffer.from(key.integrityKey).toString('hex')}`;

/** Packets of ESP in a pool's frames, and keys that are wiped by `wipeAll`. */
export class EspFrames {
  private readonly slots = new Set<number>();

  constructor(
    readonly pool: TestPool,
    /** Where the SPI is in a frame. */
    readonly start = 292,
  ) {}

  setKey(slot: number, key: EspKey): void {
    espKeySet(slot, key);
    this.slots.add(slot);
  }

  wipeAll(): void {
    for (const slot of this.slots) espKeyWipe(slot);
    this.slots.clear();
  }

  /** Offset of a frame's ESP packet in the pool's memory. */
  at(frame: number): number {
    return frame * FRAME_BYTES + this.start;
  }

  put(at: number, bytes: Uint8Array): void {
    this.pool.bytes.set(bytes, at);
  }

  get(at: number, length: number): Buffer {
    return Buffer.from(this.pool.bytes.slice(at, at + length));
  }

  /** Writes header, IV and data into a frame, and a job for them. */
  write(frame: number, slot: number, key: EspKey, parts: EspParts, data: Uint8Array): Int32Array {
    const header = this.at(frame);
    const iv = header + 8;
    const body = iv + ESP_CIPHERS[key.cipher].ivBytes;
    this.put(header, parts.header);
    this.put(iv, parts.iv);
    this.put(body, data);
    return jobOf({
      slot,
      dataOffset: body,
      dataLength: data.length,
      headerOffset: header,
      ivOffset: iv,
      ...(parts.esnHigh === null ? {} : { esnHigh: parts.esnHigh, flags: ESP_ESN }),
    });
  }
}

export function randomParts(key: EspKey, esn: boolean): EspParts {
  return {
    header: randomBytes(8),
    iv: randomBytes(ESP_CIPHERS[key.cipher].ivBytes),
    esnHigh: esn ? randomBytes(4).readInt32BE() : null,
  };
}

export function jobOf(words: JobWords): Int32Array {
  const job = new Int32Array(ESP_JOB_WORDS);
  for (const [name, value] of Object.entries(words)) job[ESP_JOB[name as keyof typeof ESP_JOB]] = value;
  return job;
}

/** A job like another but for some of its words. */
export function changed(job: Int32Array, words: JobWords): Int32Array {
  const copy = job.slice();
  for (const [name, value] of Object.entries(words)) copy[ESP_JOB[name as keyof typeof ESP_JOB]] = value;
  return copy;
}

function run(call: typeof espSealJobs, jobs: readonly Int32Array[]): Uint8Array {
  const words = new Int32Array(jobs.length * ESP_JOB_WORDS);
  for (const [i, job] of jobs.entries()) words.set(job, i * ESP_JOB_WORDS);
  const status = new Uint8Array(jobs.length + 1).fill(0xa5);
  const failed = call(words, jobs.length, status);
  assert.equal(status[jobs.length], 0xa5, 'wrote behind the last status');
  assert.equal(failed, status.subarray(0, -1).filter((one) => one !== ESP_STATUS.ok).length);
  return status.slice(0, -1);
}

export const seal = (...jobs: readonly Int32Array[]): Uint8Array => run(espSealJobs, jobs);
export const open = (...jobs: readonly Int32Array[]): Uint8Array => run(espOpenJobs, jobs);
