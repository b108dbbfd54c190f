// What makes an SA that SA: its keys in tables, journal and native layer, and what may not change while it lives.
import { canonicalIp, type SaKey, type SaSpec } from '@sluice/shared';
import { espKeySet } from '../native/index.js';
import { espKeyFault } from '../tables/esp-algorithms.js';
import { spiScope } from '../tables/security-associations.js';
import { ipWords } from './ip-words.js';
import { transformOf } from './sa-row.js';

const TWO_32 = 4294967296;

/** Gives the native layer the key of a row. */
export function setKey(row: number, spec: SaSpec): void {
  const { cipher, integrity, icvBytes } = transformOf(spec);
  const key = Buffer.from(spec.crypto.key_hex, 'hex');
  const integrityKey = Buffer.from(spec.crypto.integrity_key_hex, 'hex');
  try {
    const fault = espKeyFault({ cipher, key, integrity, integrityKey, icvBytes });
    if (fault !== null) throw new Error(fault);
    espKeySet(row, { cipher, key, integrity, integrityKey, icvBytes });
  } finally {
    key.fill(0);
    integrityKey.fill(0);
  }
}

/** What an SA is; the rest of it may change while it is in use (XFRM_MSG_UPDSA). */
export function isSameSa(a: SaSpec, b: SaSpec): boolean {
  return (
    a.crypto.key_hex === b.crypto.key_hex &&
    a.crypto.integrity_key_hex === b.crypto.integrity_key_hex &&
    a.direction === b.direction &&
    a.mode === b.mode &&
    a.if_id === b.if_id &&
    a.esn === b.esn
  );
}

/** True when a tunnel of a kind can use the SA. */
export function isFor({ mode }: SaSpec, kind: 'ipsec' | 'gre' | 'ipip'): boolean {
  return mode === (kind === 'ipsec' ? 'tunnel' : 'transport');
}

/** The last sequence number that an SA may use (RFC 4303 section 3.3.3); a double holds no more of 64 bits. */
export function lastOf({ esn }: SaSpec): number {
  return esn ? Number.MAX_SAFE_INTEGER : TWO_32 - 1;
}

/** The scope of its SPI in the table by which received packets find their SA. */
export function scopeOf({ dst }: SaSpec): number {
  const { family, words } = ipWords(dst);
  return spiScope(family, words[0], words[1], words[2], words[3]);
}

/** As the protocol keys it, in one spelling. */
export function keyOf(key: SaKey): string {
  return `${canonicalIp(key.dst)} ${key.spi.toString(16).padStart(8, '0')}`;
}

/** In the journal of sequence numbers. */
export function journalKey(spec: SaSpec): string {
  return `${spec.direction}/${canonicalIp(spec.dst)}/${spec.spi.toString(16)}`;
}
