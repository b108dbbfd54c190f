// The crypto of ESP over the packet pool, a vector of packets a call. Jobs are those of tables/esp-job.ts.
import type { EspKey } from '../tables/esp-algorithms.js';
import { addon } from './addon.js';

/**
 * Puts a key into an empty slot (0 to 65,535), for the backend in use; all threads see it. The caller's bytes are not
 * kept, so wipe them.
 *
 * @throws NativeError EEXIST when the slot has a key, EINVAL for what espKeyFault() explains.
 */
export function espKeySet(slot: number, key: EspKey): void {
  addon.espKeySet(slot, key.cipher, key.key, key.integrity, key.integrityKey, key.icvBytes);
}

/** Overwrites and frees a key that no thread uses any more. @returns false when the slot was empty. */
export const espKeyWipe: (slot: number) => boolean = addon.espKeyWipe;

/**
 * Encrypts `count` jobs of ESP_JOB_WORDS words each, and writes their ICVs. `status[i]` is an ESP_STATUS.
 * @returns how many did not end with ok, or -EINVAL when the arrays are too short. Never throws.
 */
export const espSealJobs: (jobs: Int32Array, count: number, status: Uint8Array) => number = addon.espSealJobs;

/** Authenticates and decrypts, likewise. */
export const espOpenJobs: (jobs: Int32Array, count: number, status: Uint8Array) => number = addon.espOpenJobs;

/**
 * What new keys are made for: 'ipsec-mb avx512', 'openssl 3.0.19'. With a name, chooses it; 'auto' is ipsec-mb where
 * it works, else OpenSSL. Keys that are set already keep theirs. An algorithm whose known answers it did not give is
 * named behind ', without', and its keys are made for the other backend.
 *
 * @throws NativeError EOPNOTSUPP when the one asked for does not work on this CPU.
 */
export const espBackend: (name?: 'auto' | 'ipsec-mb' | 'openssl') => string = addon.espBackend;
