// Algorithms and keys of an SA, from XFRM's attributes and back.
import { type EspCrypto, espAeadNames, espCipherNames, espIntegrityNames, type SaSpec } from '@sluice/shared';
import { AEAD_ALGORITHMS, ENCRYPTION_ALGORITHMS, INTEGRITY_ALGORITHMS, named } from './algorithms.js';
import { EINVAL, ENOSYS, XFRMA } from './constants.js';
import { type Attribute, findAttribute } from './netlink.js';
import { Refused } from './refused.js';
import { xfrmAlgo, xfrmAlgoAead, xfrmAlgoAuth } from './sa-structs.js';
import { decode, encode } from './struct.js';

export interface SaCrypto {
  readonly cipher: EspCrypto['cipher'];
  /** With salt or nonce behind. Overwritten with zeros when the SA is removed, as is the other. */
  readonly key: Buffer;
  readonly integrity: EspCrypto['integrity'];
  readonly integrityKey: Buffer;
  readonly icvBytes: EspCrypto['icv_bytes'];
  /** How they were named, to be given back. */
  readonly given: {
    readonly encryption: string;
    /** Null with an AEAD. */
    readonly integrity: string | null;
    /** Whether the ICV's length was given too (XFRMA_ALG_AUTH_TRUNC). */
    readonly truncated: boolean;
  };
}

/** Attributes that hold keys. */
export const CRYPTO_ATTRIBUTES: readonly number[] = [
  XFRMA.ALG_AEAD,
  XFRMA.ALG_CRYPT,
  XFRMA.ALG_AUTH,
  XFRMA.ALG_AUTH_TRUNC,
];

/**
 * Reads algorithms and copies keys; the caller's buffer is the caller's to wipe.
 * @param sa what to call the SA in a refusal
 * @throws Refused ENOSYS for algorithms that the data plane cannot do, EINVAL for what nobody could
 */
export function decodeCrypto(attributes: readonly Attribute[], sa: string): SaCrypto {
  const aead = findAttribute(attributes, XFRMA.ALG_AEAD);
  const crypt = findAttribute(attributes, XFRMA.ALG_CRYPT);
  const auth = findAttribute(attributes, XFRMA.ALG_AUTH_TRUNC) ?? findAttribute(attributes, XFRMA.ALG_AUTH);
  if (aead !== null) {
    if (crypt !== null || auth !== null) throw new Refused(EINVAL);
    return decodeAead(aead, sa);
  }
  if (crypt === null && auth === null) throw new Refused(EINVAL);
  const encryption = crypt === null ? null : readAlgorithm(xfrmAlgo, crypt);
  const integrity = decodeIntegrity(attributes);
  const known = encryption === null ? undefined : named(ENCRYPTION_ALGORITHMS, encryption.name);
  const knownIntegrity = integrity === null ? undefined : named(INTEGRITY_ALGORITHMS, integrity.name);
  const unkeyed = encryption?.keyBits === 0 && known !== undefined && !known.keyBits.includes(0);
  if (unkeyed || (integrity?.keyBits === 0 && knownIntegrity !== undefined)) throw keyless(sa);
  if (
    encryption === null ||
    integrity === null ||
    !known?.keyBits.includes(encryption.keyBits) ||
    knownIntegrity?.keyBits !== integrity.keyBits ||
    knownIntegrity.icvBits !== integrity.icvBits
  ) {
    const parts = [
      encryption === null ? 'no encryption' : `${printable(encryption.name)} of ${encryption.keyBits} bits`,
      integrity === null
        ? 'no integrity algorithm'
        : `${printable(integrity.name)} of ${integrity.keyBits} bits cut to ${integrity.icvBits}`,
    ];
    throw unsupported(sa, parts.join(' with '));
  }
  return {
    cipher: known.cipher,
    key: Buffer.from(encryption.key),
    integrity: knownIntegrity.integrity,
    integrityKey: Buffer.from(integrity.key),
    icvBytes: (integrity.icvBits / 8) as EspCrypto['icv_bytes'],
    given: {
      encryption: encryption.name,
      integrity: integrity.name,
      truncated: integrity.truncated,
    },
  };
}

function decodeAead(value: Buffer, sa: string): SaCrypto {
  const { name, keyBits, key } = readAlgorithm(xfrmAlgoAead, value);
  const icvBits = value.readUInt32LE(xfrmAlgoAead.offsets.alg_icv_len);
  const known = named(AEAD_ALGORITHMS, name);
  if (known !== undefined && keyBits === 0) throw keyless(sa);
  if (!known?.keyBits.includes(keyBits) || !known.icvBits.includes(icvBits)) {
    throw unsupported(
      sa,
      `${printable(name)} with ${keyBits} bits of key and salt and ${icvBits} bits of ICV`,
    );
  }
  return {
    cipher: known.cipher,
    key: Buffer.from(key),
    integrity: 'none',
    integrityKey: Buffer.alloc(0),
    icvBytes: (icvBits / 8) as EspCrypto['icv_bytes'],
    given: { encryption: name, integrity: null, truncated: false },
  };
}

interface Named {
  name: string;
  keyBits: number;
  /** A view of the attribute. */
  key: Buffer;
}

function decodeIntegrity(
  attributes: readonly Attribute[],
): (Named & { icvBits: number; truncated: boolean }) | null {
  const truncated = findAttribute(attributes, XFRMA.ALG_AUTH_TRUNC);
  if (truncated !== null) {
    const read = readAlgorithm(xfrmAlgoAuth, truncated);
    const icvBits = truncated.readUInt32LE(xfrmAlgoAuth.offsets.alg_trunc_len);
    // A length of 0 is none given.
    const otherwise = named(INTEGRITY_ALGORITHMS, read.name)?.defaultIcvBits ?? 0;
    return { ...read, icvBits: icvBits || otherwise, truncated: true };
  }
  const whole = findAttribute(attributes, XFRMA.ALG_AUTH);
  if (whole === null) return null;
  const read = readAlgorithm(xfrmAlgo, whole);
  const icvBits = named(INTEGRITY_ALGORITHMS, read.name)?.defaultIcvBits ?? 0;
  return { ...read, icvBits, truncated: false };
}

type AlgorithmStruct = typeof xfrmAlgo | typeof xfrmAlgoAead | typeof xfrmAlgoAuth;

function readAlgorithm(struct: AlgorithmStruct, value: Buffer): Named {
  const head = decode<{ alg_name: string; alg_key_len: number }>(struct, value);
  if (head === null) throw new Refused(EINVAL);
  const key = value.subarray(struct.size, struct.size + Math.ceil(head.alg_key_len / 8));
  if (key.length * 8 < head.alg_key_len) throw new Refused(EINVAL);
  return { name: head.alg_name, keyBits: head.alg_key_len, key };
}

/** An algorithm that the data plane has, and nothing of a key: no proposal has to do with that. */
function keyless(sa: string): Refused {
  return new Refused(
    EINVAL,
    `charon asked for SA ${sa} without a key: two exchanges for one CHILD_SA collided in charon, and it negotiates again. Nothing in the configuration has to change.`,
  );
}

const printable = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?');

function unsupported(sa: string, what: string): Refused {
  return new Refused(
    ENOSYS,
    `SA ${sa} uses ${what}, which the data plane cannot do: set esp_proposals at both ends to one of ${espAeadNames.join(', ')}, or to one of ${espCipherNames.join(', ')} with one of ${espIntegrityNames.join(', ')}.`,
  );
}

/** The attributes that it came by. */
export function encodeCrypto(crypto: SaCrypto): Attribute[] {
  const { given, key, integrityKey } = crypto;
  const head = { alg_name: given.encryption, alg_key_len: key.length * 8 };
  if (given.integrity === null) {
    const struct = encode(xfrmAlgoAead, { ...head, alg_icv_len: crypto.icvBytes * 8 });
    return [{ type: XFRMA.ALG_AEAD, value: Buffer.concat([struct, key]) }];
  }
  const auth = { alg_name: given.integrity, alg_key_len: integrityKey.length * 8 };
  const struct = given.truncated
    ? encode(xfrmAlgoAuth, { ...auth, alg_trunc_len: crypto.icvBytes * 8 })
    : encode(xfrmAlgo, auth);
  return [
    { type: XFRMA.ALG_CRYPT, value: Buffer.concat([encode(xfrmAlgo, head), key]) },
    {
      type: given.truncated ? XFRMA.ALG_AUTH_TRUNC : XFRMA.ALG_AUTH,
      value: Buffer.concat([struct, integrityKey]),
    },
  ];
}

/** As the data plane is told. */
export function espCryptoOf(crypto: SaCrypto): EspCrypto {
  return {
    cipher: crypto.cipher,
    key_hex: crypto.key.toString('hex'),
    integrity: crypto.integrity,
    integrity_key_hex: crypto.integrityKey.toString('hex'),
    icv_bytes: crypto.icvBytes,
  };
}

/** The inverse; names are the kernel's. */
export function cryptoOfSpec({ crypto }: Pick<SaSpec, 'crypto'>): SaCrypto {
  const encryption = [...AEAD_ALGORITHMS, ...ENCRYPTION_ALGORITHMS].find(
    ({ cipher }) => cipher === crypto.cipher,
  );
  const integrity = INTEGRITY_ALGORITHMS.find((known) => known.integrity === crypto.integrity);
  return {
    cipher: crypto.cipher,
    key: Buffer.from(crypto.key_hex, 'hex'),
    integrity: crypto.integrity,
    integrityKey: Buffer.from(crypto.integrity_key_hex, 'hex'),
    icvBytes: crypto.icv_bytes,
    given: {
      encryption: encryption?.names[0] ?? crypto.cipher,
      integrity: integrity?.names[0] ?? null,
      truncated: integrity !== undefined && integrity.defaultIcvBits !== crypto.icv_bytes * 8,
    },
  };
}

export function sameCrypto(a: SaCrypto, b: SaCrypto): boolean {
  return (
    a.cipher === b.cipher &&
    a.integrity === b.integrity &&
    a.icvBytes === b.icvBytes &&
    a.key.equals(b.key) &&
    a.integrityKey.equals(b.integrityKey)
  );
}

/** A copy with keys of its own. */
export function copyCrypto(crypto: SaCrypto): SaCrypto {
  return { ...crypto, key: Buffer.from(crypto.key), integrityKey: Buffer.from(crypto.integrityKey) };
}

export function wipeCrypto({ key, integrityKey }: SaCrypto): void {
  key.fill(0);
  integrityKey.fill(0);
}
