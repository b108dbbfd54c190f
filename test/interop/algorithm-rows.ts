// What of ESP both a gateway of ours and kernel-libipsec have, under the names that each gives it.
//
// kernel-libipsec has neither AES-GMAC nor extended sequence numbers nor transport mode.

export interface AlgorithmRow {
  /** As swanctl.conf and the device configuration write it. */
  esp: string;
  /** As charon reports it, at both ends. */
  charon: string;
  /** As the data plane reports it. */
  dataplane: string;
}

const BITS = [128, 192, 256] as const;

const INTEGRITIES = [
  { esp: 'sha1', charon: 'HMAC_SHA1_96', dataplane: 'hmac-sha1-96' },
  { esp: 'sha256', charon: 'HMAC_SHA2_256_128', dataplane: 'hmac-sha2-256-128' },
  { esp: 'sha384', charon: 'HMAC_SHA2_384_192', dataplane: 'hmac-sha2-384-192' },
  { esp: 'sha512', charon: 'HMAC_SHA2_512_256', dataplane: 'hmac-sha2-512-256' },
] as const;

const CIPHERS: AlgorithmRow[] = [
  ...BITS.flatMap((bits) => [
    { esp: `aes${bits}`, charon: `AES_CBC-${bits}`, dataplane: `aes-cbc-${bits}` },
    { esp: `aes${bits}ctr`, charon: `AES_CTR-${bits}`, dataplane: `aes-ctr-${bits}` },
  ]),
  { esp: 'null', charon: 'NULL', dataplane: 'null' },
];

const AEADS: AlgorithmRow[] = [
  ...BITS.flatMap((bits) =>
    [8, 12, 16].map((icv) => ({
      esp: `aes${bits}gcm${icv}`,
      charon: `AES_GCM_${icv}-${bits}`,
      dataplane: `aes-gcm-${bits}/${icv}`,
    })),
  ),
  { esp: 'chacha20poly1305', charon: 'CHACHA20_POLY1305', dataplane: 'chacha20-poly1305' },
];

export const ALGORITHM_ROWS: readonly AlgorithmRow[] = [
  ...AEADS,
  ...CIPHERS.flatMap((cipher) =>
    INTEGRITIES.map((integrity) => ({
      esp: `${cipher.esp}-${integrity.esp}`,
      charon: `${cipher.charon}/${integrity.charon}`,
      dataplane: `${cipher.dataplane}/${integrity.dataplane}`,
    })),
  ),
];

/** All of them in two proposals, because AEADS stand apart (RFC 7296 section 3.3); the peer chooses. */
export const ALL_PROPOSALS: string[] = [
  AEADS.map(({ esp }) => esp).join('-'),
  [...CIPHERS, ...INTEGRITIES].map(({ esp }) => esp).join('-'),
];
