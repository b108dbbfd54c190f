// The crypto of ESP for tests: the native layer, and one over node:crypto that it is compared with.
import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
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
import type { EspKey } from '../../src/tables/esp-algorithms.js';

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

/** The jobs' words as tables/esp-job.ts has them, done one by one by OpenSSL through Node.js. */
class NodeCrypto implements TestCrypto {
  private readonly keys = new Map<number, { key: Uint8Array; salt: Uint8Array; icvBytes: number }>();

  constructor(private readonly pool: PacketPool) {}

  setKey(slot: number, key: EspKey): void {
    this.keys.set(slot, { key: key.key.slice(0, -4), salt: key.key.slice(-4), icvBytes: key.icvBytes });
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
      status[i] = this.job(jobs.subarray(i * 8, i * 8 + 8), sealing);
      if (status[i] !== 0) failed++;
    }
    return failed;
  }

  private job(words: Int32Array, sealing: boolean): number {
    const [slot, data, length, aadAt, ivAt, esnHigh, esn] = words as unknown as number[];
    const key = this.keys.get(slot!);
    if (key === undefined) return 2;
    // Copies: node:crypto does not take views of shared memory.
    const copy = (at: number, size: number): Buffer => Buffer.from(this.pool.bytes.slice(at, at + size));
    const nonce = Buffer.concat([key.salt, copy(ivAt!, 8)]);
    const name: CipherGCMTypes = key.key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    const high = Buffer.alloc(esn === 1 ? 4 : 0);
    if (esn === 1) high.writeUInt32BE(esnHigh! >>> 0);
    const aad = Buffer.concat([copy(aadAt!, 4), high, copy(aadAt! + 4, 4)]);
    const options = { authTagLength: key.icvBytes };
    const text = copy(data!, length!);
    if (sealing) {
      const cipher = createCipheriv(name, key.key, nonce, options).setAAD(aad);
      this.pool.bytes.set(Buffer.concat([cipher.update(text), cipher.final()]), data!);
      this.pool.bytes.set(cipher.getAuthTag(), data! + length!);
      return 0;
    }
    const decipher = createDecipheriv(name, key.key, nonce, options).setAAD(aad);
    decipher.setAuthTag(copy(data! + length!, key.icvBytes));
    try {
      this.pool.bytes.set(Buffer.concat([decipher.update(text), decipher.final()]), data!);
      return 0;
    } catch {
      // The one error that final() has here is a wrong tag, which is an answer: not authentic.
      this.pool.bytes.fill(0, data!, data! + length!);
      return 1;
    }
  }
}
