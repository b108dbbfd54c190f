// ESP with AES-GCM by node:crypto (RFC 4303, RFC 4106): what the data plane's own ESP is compared with.
import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import type { EspKey } from '../../src/tables/esp-algorithms.js';
import { concat, viewOf } from './packets.js';

export interface EspSa {
  spi: number;
  /** 16 or 32 bytes. */
  key: Uint8Array;
  salt: Uint8Array;
  icvBytes: number;
  esn: boolean;
}

export interface EspOptions {
  sequence: bigint;
  inner: Uint8Array;
  nextHeader?: number;
  /** Octets before the pad length; by default 1, 2, 3… up to a multiple of 4. */
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
export function espKeyOf({ key, salt, icvBytes }: EspSa): EspKey {
  return {
    cipher: 'aes-gcm',
    key: concat(key, salt),
    integrity: 'none',
    integrityKey: new Uint8Array(0),
    icvBytes,
  };
}

const cipherOf = (key: Uint8Array): CipherGCMTypes => (key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm');

function associated(sa: EspSa, sequence: bigint): Uint8Array {
  const aad = new Uint8Array(sa.esn ? 12 : 8);
  const view = viewOf(aad);
  view.setUint32(0, sa.spi);
  if (sa.esn) view.setBigUint64(4, sequence);
  else view.setUint32(4, Number(sequence & 0xffffffffn));
  return aad;
}

/** The ESP packet from its SPI on. */
export function espSeal(sa: EspSa, o: EspOptions): Uint8Array {
  const padding = o.padding ?? defaultPadding(o.inner.length);
  const trailer = Uint8Array.of(o.padLength ?? padding.length, o.nextHeader ?? 4);
  const head = new Uint8Array(16);
  viewOf(head).setUint32(0, sa.spi);
  viewOf(head).setUint32(4, Number(o.sequence & 0xffffffffn));
  viewOf(head).setBigUint64(8, o.sequence ^ 0x5a5a5a5a00000000n);
  const cipher = createCipheriv(cipherOf(sa.key), sa.key, concat(sa.salt, head.subarray(8)), {
    authTagLength: sa.icvBytes,
  });
  cipher.setAAD(associated(sa, o.sequence));
  const sealed = cipher.update(concat(o.inner, padding, trailer));
  cipher.final();
  return concat(head, sealed, cipher.getAuthTag());
}

/** Opens an ESP packet; throws when the ICV is wrong. `high` is the number's high half, which is not in it. */
export function espOpen(sa: EspSa, esp: Uint8Array, high = 0): OpenedEsp {
  const view = viewOf(esp);
  const sequence = (BigInt(high) << 32n) | BigInt(view.getUint32(4));
  const decipher = createDecipheriv(cipherOf(sa.key), sa.key, concat(sa.salt, esp.subarray(8, 16)), {
    authTagLength: sa.icvBytes,
  });
  decipher.setAAD(associated(sa, sequence));
  decipher.setAuthTag(esp.subarray(esp.length - sa.icvBytes));
  const clear = decipher.update(esp.subarray(16, esp.length - sa.icvBytes));
  decipher.final();
  const padLength = clear[clear.length - 2]!;
  const inner = clear.length - 2 - padLength;
  return {
    spi: view.getUint32(0),
    sequence,
    iv: view.getBigUint64(8),
    inner: new Uint8Array(clear.subarray(0, inner)),
    padding: new Uint8Array(clear.subarray(inner, inner + padLength)),
    nextHeader: clear[clear.length - 1]!,
  };
}

function defaultPadding(inner: number): Uint8Array {
  const padding = new Uint8Array((4 - ((inner + 2) % 4)) % 4);
  return padding.map((_, i) => i + 1);
}
