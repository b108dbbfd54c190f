// What every algorithm of ESP makes of a packet, by node:crypto and as the RFCs put it: slow, and easy to see through.
import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  type DecipherGCM,
} from 'node:crypto';
import type { EspCipher, EspIntegrity, EspKey } from '../../src/tables/esp-algorithms.js';

/** A packet around its data; `esnHigh` null without extended sequence numbers. */
export interface EspParts {
  /** SPI and sequence number. */
  header: Uint8Array;
  iv: Uint8Array;
  esnHigh: number | null;
}

const HASHES: Record<EspIntegrity, string> = {
  none: '',
  'hmac-sha1': 'sha1',
  'hmac-sha2-256': 'sha256',
  'hmac-sha2-384': 'sha384',
  'hmac-sha2-512': 'sha512',
};

const isAead = (cipher: EspCipher): boolean =>
  cipher === 'aes-gcm' || cipher === 'aes-gmac' || cipher === 'chacha20-poly1305';

/** Octets of a key in front of its salt. */
const keyOf = ({ key, cipher }: EspKey): Uint8Array => (cipher === 'aes-cbc' ? key : key.slice(0, -4));
const saltOf = ({ key }: EspKey): Uint8Array => key.slice(-4);

function high(esnHigh: number | null): Buffer {
  const octets = Buffer.alloc(esnHigh === null ? 0 : 4);
  if (esnHigh !== null) octets.writeUInt32BE(esnHigh >>> 0);
  return octets;
}

/** RFC 4106 section 5, RFC 7634 section 2.1; RFC 4543 section 3.3 has IV and data behind that. */
function aadOf(key: EspKey, { header, iv, esnHigh }: EspParts, data: Uint8Array): Buffer {
  const parts: Uint8Array[] = [header.slice(0, 4), high(esnHigh), header.slice(4)];
  if (key.cipher === 'aes-gmac') parts.push(iv, data);
  return Buffer.concat(parts);
}

function aead(
  make: typeof createCipheriv | typeof createDecipheriv,
  key: EspKey,
  parts: EspParts,
): CipherGCM | DecipherGCM {
  const secret = keyOf(key);
  const chacha = key.cipher === 'chacha20-poly1305';
  const name = chacha ? 'chacha20-poly1305' : `aes-${secret.length * 8}-gcm`;
  const nonce = Buffer.concat([saltOf(key), parts.iv]);
  return make(name as CipherGCMTypes, secret, nonce, { authTagLength: key.icvBytes });
}

function applyCipher(
  make: typeof createCipheriv | typeof createDecipheriv,
  key: EspKey,
  { iv }: EspParts,
  data: Uint8Array,
): Buffer {
  if (key.cipher === 'null') return Buffer.from(data);
  const secret = keyOf(key);
  const ctr = key.cipher === 'aes-ctr';
  // RFC 3686 section 4: nonce, IV, block counter from one.
  const start = ctr ? Buffer.concat([saltOf(key), iv, Buffer.from([0, 0, 0, 1])]) : iv;
  const cipher = make(`aes-${secret.length * 8}-${ctr ? 'ctr' : 'cbc'}`, secret, start).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function hmac(key: EspKey, { header, iv, esnHigh }: EspParts, ciphertext: Uint8Array): Buffer {
  const hash = createHmac(HASHES[key.integrity], key.integrityKey);
  for (const part of [header, iv, ciphertext, high(esnHigh)]) hash.update(part);
  return hash.digest().subarray(0, key.icvBytes);
}

/** Ciphertext and ICV. */
export function sealData(key: EspKey, parts: EspParts, data: Uint8Array): Buffer {
  if (!isAead(key.cipher)) {
    const ciphertext = applyCipher(createCipheriv, key, parts, data);
    return Buffer.concat([ciphertext, hmac(key, parts, ciphertext)]);
  }
  const cipher = aead(createCipheriv, key, parts) as CipherGCM;
  cipher.setAAD(aadOf(key, parts, data), { plaintextLength: data.length });
  const gmac = key.cipher === 'aes-gmac';
  const ciphertext = gmac ? Buffer.from(data) : cipher.update(data);
  cipher.final();
  return Buffer.concat([ciphertext, cipher.getAuthTag()]);
}

/** The data of ciphertext and ICV; null when the ICV is another's. */
export function openData(key: EspKey, parts: EspParts, sealed: Uint8Array): Buffer | null {
  const ciphertext = sealed.slice(0, sealed.length - key.icvBytes);
  const icv = sealed.slice(sealed.length - key.icvBytes);
  if (!isAead(key.cipher)) {
    if (!hmac(key, parts, ciphertext).equals(icv)) return null;
    return applyCipher(createDecipheriv, key, parts, ciphertext);
  }
  const decipher = aead(createDecipheriv, key, parts) as DecipherGCM;
  decipher.setAAD(aadOf(key, parts, ciphertext), { plaintextLength: ciphertext.length }).setAuthTag(icv);
  const data = key.cipher === 'aes-gmac' ? Buffer.from(ciphertext) : decipher.update(ciphertext);
  try {
    decipher.final();
    return data;
  } catch {
    return null; // the one error that final() has here is a wrong tag
  }
}
