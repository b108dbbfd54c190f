// ESP packets (RFC 4303) by node:crypto: what the data plane's own ESP is compared with. AES-GCM unless the SA says otherwise.
import {
  ESP_CIPHERS,
  type EspCipher,
  type EspIntegrity,
  type EspKey,
} from '../../src/tables/esp-algorithms.js';
import { openData, sealData } from './esp-oracle.js';
import { concat, pattern, viewOf } from './packets.js';

export interface EspSa {
  spi: number;
  /** Without the salt. */
  key: Uint8Array;
  /** Empty where the cipher has none. */
  salt: Uint8Array;
  icvBytes: number;
  esn: boolean;
  cipher?: EspCipher;
  integrity?: EspIntegrity;
  integrityKey?: Uint8Array;
}

export interface EspOptions {
  sequence: bigint;
  inner: Uint8Array;
  nextHeader?: number;
  /** Octets before the pad length; by default 1, 2, 3… up to a multiple of 4, or of the cipher's block. */
  padding?: Uint8Array;
  /** Lies, for packets that must be refused. */
  padLength?: number;
}

export interface OpenedEsp {
  spi: number;
  sequence: bigint;
  iv: bigint;
  inner: Uint8Array;
  padding: Uint8Array;
  nextHeader: number;
}

/** The SA's key as the crypto of ESP takes it. */
export function espKeyOf(sa: EspSa): EspKey {
  return {
    cipher: sa.cipher ?? 'aes-gcm',
    key: concat(sa.key, sa.salt),
    integrity: sa.integrity ?? 'none',
    integrityKey: sa.integrityKey ?? new Uint8Array(0),
    icvBytes: sa.icvBytes,
  };
}

const highOf = (sa: EspSa, sequence: bigint): number | null => (sa.esn ? Number(sequence >> 32n) : null);

/** The ESP packet from its SPI on. */
export function espSeal(sa: EspSa, o: EspOptions): Uint8Array {
  const key = espKeyOf(sa);
  const { ivBytes, blockBytes } = ESP_CIPHERS[key.cipher];
  const padding = o.padding ?? defaultPadding(o.inner.length, Math.max(4, blockBytes));
  const trailer = Uint8Array.of(o.padLength ?? padding.length, o.nextHeader ?? 4);
  const header = new Uint8Array(8);
  viewOf(header).setUint32(0, sa.spi);
  viewOf(header).setUint32(4, Number(o.sequence & 0xffffffffn));
  const iv = pattern(ivBytes, Number(o.sequence & 0xffn));
  if (ivBytes === 8) viewOf(iv).setBigUint64(0, o.sequence ^ 0x5a5a5a5a00000000n);
  const parts = { header, iv, esnHigh: highOf(sa, o.sequence) };
  return concat(header, iv, sealData(key, parts, concat(o.inner, padding, trailer)));
}

/** Opens an ESP packet; throws when the ICV is wrong. `high` is the number's high half, which is not in it. */
export function espOpen(sa: EspSa, esp: Uint8Array, high = 0): OpenedEsp {
  const key = espKeyOf(sa);
  const { ivBytes } = ESP_CIPHERS[key.cipher];
  const view = viewOf(esp);
  const sequence = (BigInt(high) << 32n) | BigInt(view.getUint32(4));
  const body = 8 + ivBytes;
  const parts = { header: esp.slice(0, 8), iv: esp.slice(8, body), esnHigh: highOf(sa, sequence) };
  const clear = openData(key, parts, esp.slice(body));
  if (clear === null) throw new Error('the ICV is wrong');
  const padLength = clear[clear.length - 2]!;
  const inner = clear.length - 2 - padLength;
  return {
    spi: view.getUint32(0),
    sequence,
    iv: ivBytes >= 8 ? view.getBigUint64(8) : 0n,
    inner: new Uint8Array(clear.subarray(0, inner)),
    padding: new Uint8Array(clear.subarray(inner, inner + padLength)),
    nextHeader: clear[clear.length - 1]!,
  };
}

function defaultPadding(inner: number, alignment: number): Uint8Array {
  return pattern((alignment - ((inner + 2) % alignment)) % alignment, 1);
}
