// The algorithms of ESP: what each needs of a key and of a packet. Nodes, the MTU of tunnels and the native layer's
// checks all go by this table; names are those of an SA's configuration.

import type { espCiphers, espIntegrities } from '@sluice/shared';

/** Encryption, or encryption and authentication in one (an AEAD). */
export type EspCipher = (typeof espCiphers)[number];
/** Authentication beside a cipher that has none of its own. */
export type EspIntegrity = (typeof espIntegrities)[number];

export interface EspTransform {
  readonly cipher: EspCipher;
  /** 'none' with an AEAD, and only there. */
  readonly integrity: EspIntegrity;
  readonly icvBytes: number;
}

/** A transform with its secrets. */
export interface EspKey extends EspTransform {
  /** The cipher's key with its salt or nonce behind it, as IKE derives it (RFC 4106 section 8.1) and XFRM carries it. */
  readonly key: Uint8Array;
  /** Empty with integrity 'none'. */
  readonly integrityKey: Uint8Array;
}

interface Cipher {
  /** Lengths of a key without its salt. */
  readonly keyBytes: readonly number[];
  /** Octets behind the key that are the nonce's first. */
  readonly saltBytes: number;
  /** Octets that stand in each packet behind the ESP header. */
  readonly ivBytes: number;
  /** Who writes them: the caller (from the sequence number: never twice under a key), or the crypto (unpredictable). */
  readonly ivFrom: 'sequence' | 'random' | 'none';
  /** What is encrypted is a multiple of this. */
  readonly blockBytes: number;
  /** Lengths of the ICV of an AEAD; none where integrity is a second algorithm's. */
  readonly icvBytes: readonly number[];
  /** Where it is specified. */
  readonly source: string;
}

interface Integrity {
  /** Of the key: as long as the hash (RFC 2404 section 3, RFC 4868 section 2.1.1). */
  readonly keyBytes: number;
  readonly icvBytes: readonly number[];
  readonly source: string;
}

const AES_KEYS = [16, 24, 32] as const;

export const ESP_CIPHERS: Readonly<Record<EspCipher, Cipher>> = {
  'aes-gcm': {
    keyBytes: AES_KEYS,
    saltBytes: 4,
    ivBytes: 8,
    ivFrom: 'sequence',
    blockBytes: 1,
    icvBytes: [8, 12, 16],
    source: 'RFC 4106',
  },
  'aes-gmac': {
    keyBytes: AES_KEYS,
    saltBytes: 4,
    ivBytes: 8,
    ivFrom: 'sequence',
    blockBytes: 1,
    icvBytes: [16],
    source: 'RFC 4543',
  },
  'aes-cbc': {
    keyBytes: AES_KEYS,
    saltBytes: 0,
    ivBytes: 16,
    ivFrom: 'random',
    blockBytes: 16,
    icvBytes: [],
    source: 'RFC 3602',
  },
  'aes-ctr': {
    keyBytes: AES_KEYS,
    saltBytes: 4,
    ivBytes: 8,
    ivFrom: 'sequence',
    blockBytes: 1,
    icvBytes: [],
    source: 'RFC 3686',
  },
  'chacha20-poly1305': {
    keyBytes: [32],
    saltBytes: 4,
    ivBytes: 8,
    ivFrom: 'sequence',
    blockBytes: 1,
    icvBytes: [16],
    source: 'RFC 7634',
  },
  null: {
    keyBytes: [0],
    saltBytes: 0,
    ivBytes: 0,
    ivFrom: 'none',
    blockBytes: 1,
    icvBytes: [],
    source: 'RFC 2410',
  },
};

export const ESP_INTEGRITIES: Readonly<Record<EspIntegrity, Integrity>> = {
  none: { keyBytes: 0, icvBytes: [], source: '' },
  'hmac-sha1': { keyBytes: 20, icvBytes: [12], source: 'RFC 2404' },
  'hmac-sha2-256': { keyBytes: 32, icvBytes: [16], source: 'RFC 4868' },
  'hmac-sha2-384': { keyBytes: 48, icvBytes: [24], source: 'RFC 4868' },
  'hmac-sha2-512': { keyBytes: 64, icvBytes: [32], source: 'RFC 4868' },
};

/** SPI and sequence number (RFC 4303 section 2). */
const HEADER_BYTES = 8;
/** Pad length and next header. */
const TRAILER_BYTES = 2;
/** Ciphertext ends on this boundary whatever the cipher (RFC 4303 section 2.4). */
const ALIGNMENT = 4;

/** What a transform makes of a packet: SPI, sequence number, IV, payload with padding and trailer, ICV. */
export interface EspFormat {
  readonly ivBytes: number;
  /** A power of two; payload, padding and trailer together are a multiple of it. */
  readonly alignment: number;
  readonly icvBytes: number;
}

export function espFormat({ cipher, icvBytes }: EspTransform): EspFormat {
  const { ivBytes, blockBytes } = ESP_CIPHERS[cipher];
  return { ivBytes, alignment: Math.max(blockBytes, ALIGNMENT), icvBytes };
}

/** Octets from the SPI to the end of the ICV, for a payload of `payload` octets. */
export function espBytes({ ivBytes, alignment, icvBytes }: EspFormat, payload: number): number {
  const sealed = (payload + TRAILER_BYTES + alignment - 1) & -alignment;
  return HEADER_BYTES + ivBytes + sealed + icvBytes;
}

/** Largest payload whose ESP packet, from the SPI to the end of the ICV, has at most `room` octets. */
export function espPayloadMax({ ivBytes, alignment, icvBytes }: EspFormat, room: number): number {
  return Math.max(0, ((room - HEADER_BYTES - ivBytes - icvBytes) & -alignment) - TRAILER_BYTES);
}

/** The most that ESP adds to a payload of any length. */
export function espOverheadMax({ ivBytes, alignment, icvBytes }: EspFormat): number {
  return HEADER_BYTES + ivBytes + alignment - 1 + TRAILER_BYTES + icvBytes;
}

/** What is wrong with a key, in a sentence without any of its bytes; null when nothing is. */
export function espKeyFault({ cipher, key, integrity, integrityKey, icvBytes }: EspKey): string | null {
  const { keyBytes, saltBytes, icvBytes: ownIcvs } = ESP_CIPHERS[cipher];
  const { keyBytes: integrityBytes, icvBytes: hmacIcvs } = ESP_INTEGRITIES[integrity];
  const aead = ownIcvs.length > 0;
  if (aead && integrity !== 'none')
    return `${cipher} authenticates by itself: integrity must be none, not ${integrity}`;
  if (!aead && integrity === 'none') return `${cipher} needs an integrity algorithm beside it`;
  if (!keyBytes.includes(key.length - saltBytes)) {
    const lengths = keyBytes.map((length) => length + saltBytes).join(', ');
    return `a key of ${cipher}${saltBytes > 0 ? ' with its salt' : ''} has ${lengths} octets, not ${key.length}`;
  }
  if (integrityKey.length !== integrityBytes)
    return `a key of ${integrity} has ${integrityBytes} octets, not ${integrityKey.length}`;
  const icvs = aead ? ownIcvs : hmacIcvs;
  if (!icvs.includes(icvBytes))
    return `an ICV of ${aead ? cipher : integrity} has ${icvs.join(', ')} octets, not ${icvBytes}`;
  return null;
}

/** Such as `aes-gcm-256/16` or `aes-cbc-128/hmac-sha2-256-128`: for operators; `keyBytes` with the salt. */
export function espName({ cipher, integrity, icvBytes }: EspTransform, keyBytes: number): string {
  const bits = (keyBytes - ESP_CIPHERS[cipher].saltBytes) * 8;
  const name = cipher === 'null' || cipher === 'chacha20-poly1305' ? cipher : `${cipher}-${bits}`;
  if (integrity !== 'none') return `${name}/${integrity}-${icvBytes * 8}`;
  return cipher === 'aes-gcm' ? `${name}/${icvBytes}` : name;
}
