// AES-GCM for ESP (RFC 4106) over the packet pool, a vector of packets a call.
import { addon } from './addon.js';

/** Int32 words of a job. Offsets are bytes from the start of the pool's memory. */
export const AEAD_JOB = {
  slot: 0,
  /** What is encrypted or decrypted, in place. The ICV follows it. */
  dataOffset: 1,
  /** Without the ICV. */
  dataLength: 2,
  /** SPI and sequence number: 8 bytes. */
  aadOffset: 3,
  /** The packet's 8-byte IV; with the key's salt before it, it is the nonce. */
  ivOffset: 4,
  /** High 32 bits of an extended sequence number; only with flag AEAD_ESN. */
  esnHigh: 5,
  flags: 6,
  /** Bytes at aadOffset; only with flag AEAD_AAD_LENGTH. */
  aadLength: 7,
  words: 8,
} as const;

/** Flag: authenticate SPI, esnHigh, sequence number: 12 bytes (RFC 4106 section 5). */
export const AEAD_ESN = 1;
/** Flag: authenticate aadLength bytes instead, as GMAC does (RFC 4543), and known-answer tests. */
export const AEAD_AAD_LENGTH = 2;

export const AEAD_STATUS = {
  ok: 0,
  /** The ICV is not that of the packet. The data has been overwritten with zeros. */
  authenticationFailed: 1,
  /** No key in the slot, or an offset outside the frames. Nothing was changed. */
  badJob: 2,
} as const;

/**
 * Puts a key into an empty slot, for the backend in use; all threads see it. The key's bytes are not kept.
 *
 * @param key 16, 24 or 32 bytes. @param salt 4 bytes. @param icvBytes 8, 12 or 16.
 * @throws NativeError EEXIST when the slot has a key, EINVAL for other lengths.
 */
export const aeadKeySet: (slot: number, key: Uint8Array, salt: Uint8Array, icvBytes: 8 | 12 | 16) => void =
  addon.aeadKeySet;

/** Overwrites and frees a key that no thread uses any more. @returns false when the slot was empty. */
export const aeadKeyWipe: (slot: number) => boolean = addon.aeadKeyWipe;

/**
 * Encrypts `count` jobs of AEAD_JOB.words words each, and writes their ICVs. `status[i]` is an AEAD_STATUS.
 * @returns how many did not end with ok, or -EINVAL when the arrays are too short. Never throws.
 */
export const aeadSeal: (jobs: Int32Array, count: number, status: Uint8Array) => number = addon.aeadSeal;

/** Authenticates and decrypts, likewise. */
export const aeadOpen: (jobs: Int32Array, count: number, status: Uint8Array) => number = addon.aeadOpen;

/**
 * What new keys are made for: 'ipsec-mb avx512', 'openssl 3.0.19'. With a name, chooses it; 'auto' is ipsec-mb where
 * it works, else OpenSSL. Keys that are set already keep theirs.
 *
 * @throws NativeError EOPNOTSUPP when the one asked for does not work on this CPU.
 */
export const aeadBackend: (name?: 'auto' | 'ipsec-mb' | 'openssl') => string = addon.aeadBackend;
