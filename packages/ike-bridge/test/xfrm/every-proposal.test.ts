// Every ESP algorithm that the configuration can name, negotiated by two charons: both data planes get equal keys.
import assert from 'node:assert/strict';
import {
  type EspCrypto,
  espAeadNames,
  espCipherNames,
  espIntegrityNames,
  espKeyExchangeNames,
} from '@sluice/shared';
import { type ChildInput, ConfiguredPair, type Installed } from './configured-pair.js';

type Expected = Pick<EspCrypto, 'cipher' | 'integrity' | 'icv_bytes'> & {
  keyBytes: number;
  integrityKeyBytes: number;
};

/** RFC 2404 and RFC 4868 section 2.6: octets of key and of ICV. */
const INTEGRITIES: Record<string, Pick<Expected, 'integrity' | 'integrityKeyBytes' | 'icv_bytes'>> = {
  sha1: { integrity: 'hmac-sha1', integrityKeyBytes: 20, icv_bytes: 12 },
  sha256: { integrity: 'hmac-sha2-256', integrityKeyBytes: 32, icv_bytes: 16 },
  sha384: { integrity: 'hmac-sha2-384', integrityKeyBytes: 48, icv_bytes: 24 },
  sha512: { integrity: 'hmac-sha2-512', integrityKeyBytes: 64, icv_bytes: 32 },
};

function expectedOf(proposal: string): Expected {
  const [name = '', integrity] = proposal.split('-');
  const [, bits = '', mode = ''] = /^aes(128|192|256)(.*)$/.exec(name) ?? [];
  const keyBytes = Number(bits) / 8;
  if (integrity !== undefined) {
    const rest = INTEGRITIES[integrity]!;
    if (name === 'null') return { cipher: 'null', keyBytes: 0, ...rest };
    return mode === 'ctr'
      ? { cipher: 'aes-ctr', keyBytes: keyBytes + 4, ...rest }
      : { cipher: 'aes-cbc', keyBytes, ...rest };
  }
  const none = { integrity: 'none', integrityKeyBytes: 0, icv_bytes: 16 } as const;
  if (name === 'chacha20poly1305') return { cipher: 'chacha20-poly1305', keyBytes: 36, ...none };
  if (mode === 'gmac') return { cipher: 'aes-gmac', keyBytes: keyBytes + 4, ...none };
  const icv = Number(mode.slice('gcm'.length)) as 8 | 12 | 16;
  return { cipher: 'aes-gcm', keyBytes: keyBytes + 4, ...none, icv_bytes: icv };
}

const proposals = [
  ...espAeadNames,
  ...espCipherNames.flatMap((cipher) => espIntegrityNames.map((integrity) => `${cipher}-${integrity}`)),
];

const child = (proposal: string): ChildInput => ({ name: 'net', esp_proposals: [proposal] });

describe('every ESP proposal', function () {
  this.timeout(120_000);
  let pair: ConfiguredPair;
  before(async () => {
    pair = await ConfiguredPair.start();
    // Key exchanges are of CREATE_CHILD_SA only: the first CHILD_SA has that of its IKE_SA.
    const first = child('aes128gcm16');
    await pair.bringUp('four', first);
    await pair.end('four', first);
  });
  after(() => pair?.stop());

  for (const proposal of proposals) {
    it(`gives both data planes the same keys: ${proposal}`, async () => {
      const { left, right } = await pair.bringUp('four', child(proposal));
      assert.deepEqual(left.in.crypto, right.out.crypto);
      assert.deepEqual(left.out.crypto, right.in.crypto);
      const { keyBytes, integrityKeyBytes, ...expected } = expectedOf(proposal);
      for (const { crypto } of Object.values(left)) {
        const { key_hex, integrity_key_hex, ...algorithm } = crypto;
        assert.deepEqual(algorithm, expected);
        assert.deepEqual([key_hex.length / 2, integrity_key_hex.length / 2], [keyBytes, integrityKeyBytes]);
      }
      const secrets = Object.values({ ...left }).flatMap(secretsOf);
      assert.equal(new Set(secrets).size, secrets.length, 'each direction has keys of its own');
      await pair.end('four', child(proposal));
      const logged = [pair.pair.left, pair.pair.right].flatMap(({ log }) => log.lines).join('\n');
      for (const secret of secrets) assert.ok(!logged.includes(secret), 'a key was logged');
    });
  }

  for (const exchange of espKeyExchangeNames) {
    it(`has the key exchange ${exchange}`, async () => {
      const { left, right } = await pair.bringUp('four', child(`aes128gcm16-${exchange}`));
      assert.deepEqual(left.in.crypto, right.out.crypto);
      await pair.end('four', child(`aes128gcm16-${exchange}`));
    });
  }

  it('of the interoperable list is the strongest where both have it', async () => {
    const { left } = await pair.bringUp('four', child('interoperable'));
    assert.deepEqual([left.in.crypto.cipher, left.in.crypto.key_hex.length], ['aes-gcm', 72]);
    await pair.end('four', child('interoperable'));
  });
});

function secretsOf({ crypto }: Installed['in']): string[] {
  return [crypto.key_hex, crypto.integrity_key_hex].filter((secret) => secret !== '');
}
