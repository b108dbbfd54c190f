// The algorithms of ESP as XFRM names them (net/xfrm/xfrm_algo.c), and as the contract with the data plane does.
import type { EspCrypto } from '@sluice/shared';

export interface EncryptionAlgorithm {
  /** The kernel's name first, then names that it takes too; charon uses either. */
  names: readonly string[];
  cipher: EspCrypto['cipher'];
  /** With the salt or nonce that XFRM carries behind the key. */
  keyBits: readonly number[];
}

export interface AeadAlgorithm extends EncryptionAlgorithm {
  icvBits: readonly number[];
}

export interface IntegrityAlgorithm {
  names: readonly string[];
  integrity: EspCrypto['integrity'];
  keyBits: number;
  /** Of the ICV in ESP: RFC 2404, RFC 4868. */
  icvBits: number;
  /** Of an ICV when no length is given (XFRMA_ALG_AUTH): the kernel's default. */
  defaultIcvBits: number;
}

/** RFC 4106 section 8.1, RFC 4543 section 5.3, RFC 3686 section 5.1, RFC 7634 section 2: octets behind the key. */
const SALT_BITS = 32;
const salted = (...bits: number[]): number[] => bits.map((key) => key + SALT_BITS);

export const AEAD_ALGORITHMS: readonly AeadAlgorithm[] = [
  {
    names: ['rfc4106(gcm(aes))'],
    cipher: 'aes-gcm',
    keyBits: salted(128, 192, 256),
    icvBits: [64, 96, 128],
  },
  { names: ['rfc4543(gcm(aes))'], cipher: 'aes-gmac', keyBits: salted(128, 192, 256), icvBits: [128] },
  {
    names: ['rfc7539esp(chacha20,poly1305)'],
    cipher: 'chacha20-poly1305',
    keyBits: salted(256),
    icvBits: [128],
  },
];

export const ENCRYPTION_ALGORITHMS: readonly EncryptionAlgorithm[] = [
  { names: ['cbc(aes)', 'aes'], cipher: 'aes-cbc', keyBits: [128, 192, 256] },
  { names: ['rfc3686(ctr(aes))'], cipher: 'aes-ctr', keyBits: salted(128, 192, 256) },
  { names: ['ecb(cipher_null)', 'cipher_null'], cipher: 'null', keyBits: [0] },
];

export const INTEGRITY_ALGORITHMS: readonly IntegrityAlgorithm[] = [
  {
    names: ['hmac(sha1)', 'sha1'],
    integrity: 'hmac-sha1',
    keyBits: 160,
    icvBits: 96,
    defaultIcvBits: 96,
  },
  {
    names: ['hmac(sha256)', 'sha256'],
    integrity: 'hmac-sha2-256',
    keyBits: 256,
    icvBits: 128,
    // An early draft of RFC 4868; charon asks for 128 explicitly.
    defaultIcvBits: 96,
  },
  {
    names: ['hmac(sha384)'],
    integrity: 'hmac-sha2-384',
    keyBits: 384,
    icvBits: 192,
    defaultIcvBits: 192,
  },
  {
    names: ['hmac(sha512)'],
    integrity: 'hmac-sha2-512',
    keyBits: 512,
    icvBits: 256,
    defaultIcvBits: 256,
  },
];

export function named<T extends { names: readonly string[] }>(
  algorithms: readonly T[],
  name: string,
): T | undefined {
  return algorithms.find(({ names }) => names.includes(name));
}
