// The crypto of ESP for tests: the native layer, and one over node:crypto that it is compared with.
import { randomBytes } from 'node:crypto';
import type { EspCrypto } from '../../src/graph/context.js';
import { LARGE_FRAMES, PacketPool } from '../../src/memory/packet-pool.js';
import {
  espKeySet,
  espKeyWipe,
  espOpenJobs,
  espSealJobs,
  poolRegister,
  poolUnregister,
} from '../../src/native/index.js';
import { ESP_CIPHERS, type EspKey, espKeyFault } from '../../src/tables/esp-algorithms.js';
import { ESP_ESN, ESP_IV_GIVEN, ESP_JOB, ESP_JOB_WORDS, ESP_STATUS } from '../../src/tables/esp-job.js';
import { type EspParts, openData, sealData } from './esp-oracle.js';

/** An engine with keys; slots are its own. */
export interface TestCrypto extends EspCrypto {
  /** @param slot as SA_KEY has it. */
  setKey(slot: number, key: EspKey): void;
  wipeKey(slot: number): void;
  close(): void;
}

export type EngineName = 'native' | 'node:crypto';
export const ENGINES: readonly EngineName[] = ['native', 'node:crypto'];

export function makeEngine(name: EngineName, pool: PacketPool): TestCrypto {
  return name === 'native' ? new NativeCrypto(pool) : new NodeCrypto(pool);
}

/** The native layer knows one pool a process: one engine at a time, closed after use. */
class NativeCrypto implements TestCrypto {
  readonly seal = espSealJobs;
  readonly open = espOpenJobs;
  private readonly slots = new Set<number>();

  constructor(pool: PacketPool) {
    const offsets = PacketPool.columnAt(pool.frames, 'offset');
    poolRegister(pool.bytes, pool.frames, LARGE_FRAMES, offsets, PacketPool.columnAt(pool.frames, 'length'));
  }

  setKey(slot: number, key: EspKey): void {
    espKeySet(slot, key);
    this.slots.add(slot);
  }

  wipeKey(slot: number): void {
    espKeyWipe(slot);
    this.slots.delete(slot);
  }

  close(): void {
    for (const slot of this.slots) espKeyWipe(slot);
    this.slots.clear();
    poolUnregister();
  }
}

/** The same jobs, done one by one by OpenSSL through Node.js. */
class NodeCrypto implements TestCrypto {
  private readonly keys = new Map<number, EspKey>();

  constructor(private readonly pool: PacketPool) {}

  setKey(slot: number, key: EspKey): void {
    const fault = espKeyFault(key);
    if (fault !== null) throw new Error(fault);
    this.keys.set(slot, { ...key, key: key.key.slice(), integrityKey: key.integrityKey.slice() });
  }

  wipeKey(slot: number): void {
    this.keys.delete(slot);
  }

  close(): void {
    this.keys.clear();
  }

  seal(jobs: Int32Array, count: number, status: Uint8Array): number {
    return this.each(jobs, count, status, true);
  }

  open(jobs: Int32Array, count: number, status: Uint8Array): number {
    return this.each(jobs, count, status, false);
  }

  private each(jobs: Int32Array, count: number, status: Uint8Array, sealing: boolean): number {
    let failed = 0;
    for (let i = 0; i < count; i++) {
      status[i] = this.job(jobs.subarray(i * ESP_JOB_WORDS, (i + 1) * ESP_JOB_WORDS), sealing);
      if (status[i] !== ESP_STATUS.ok) failed++;
    }
    return failed;
  }

  private job(words: Int32Array, sealing: boolean): number {
    const word = (name: keyof typeof ESP_JOB): number => words[ESP_JOB[name]]!;
    const key = this.keys.get(word('slot'));
    const [data, length, ivAt] = [word('dataOffset'), word('dataLength'), word('ivOffset')];
    if (key === undefined || length % ESP_CIPHERS[key.cipher].blockBytes !== 0) return ESP_STATUS.badJob;
    const { ivBytes, ivFrom } = ESP_CIPHERS[key.cipher];
    // Copies: node:crypto does not take views of shared memory.
    const copy = (at: number, size: number): Buffer => Buffer.from(this.pool.bytes.slice(at, at + size));
    if (sealing && ivFrom === 'random' && (word('flags') & ESP_IV_GIVEN) === 0)
      this.pool.bytes.set(randomBytes(ivBytes), ivAt);
    const parts: EspParts = {
      header: copy(word('headerOffset'), 8),
      iv: copy(ivAt, ivBytes),
      esnHigh: (word('flags') & ESP_ESN) === 0 ? null : word('esnHigh'),
    };
    if (sealing) {
      this.pool.bytes.set(sealData(key, parts, copy(data, length)), data);
      return ESP_STATUS.ok;
    }
    const opened = openData(key, parts, copy(data, length + key.icvBytes));
    this.pool.bytes.set(opened ?? Buffer.alloc(length), data);
    return opened === null ? ESP_STATUS.authenticationFailed : ESP_STATUS.ok;
  }
}
