// Any SA that charon could install, for property tests.
import {
  type EspCrypto,
  formatIp4,
  formatIp6,
  networkOf,
  networkOf6,
  type SaSpec,
  type TrafficSelector,
} from '@sluice/shared';
import fc from 'fast-check';
import { AEAD_ALGORITHMS, ENCRYPTION_ALGORITHMS, INTEGRITY_ALGORITHMS } from '../../src/xfrm/algorithms.js';
import { spec } from './requests.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const words = fc.tuple(word, word, word, word);
const address4 = word.map(formatIp4);
const address6 = words.map(formatIp6);

const key = (bits: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bits / 8, maxLength: bits / 8 })
    .map((octets) => Buffer.from(octets).toString('hex'));
const plain = { noNullPrototype: true };

const aead = fc.constantFrom(...AEAD_ALGORITHMS).chain(({ cipher, keyBits, icvBits }) =>
  fc.record(
    {
      cipher: fc.constant(cipher),
      key_hex: fc.constantFrom(...keyBits).chain(key),
      integrity: fc.constant<EspCrypto['integrity']>('none'),
      integrity_key_hex: fc.constant(''),
      icv_bytes: fc.constantFrom(...icvBits).map((bits) => (bits / 8) as EspCrypto['icv_bytes']),
    },
    plain,
  ),
);
const pairOfAlgorithms = fc
  .tuple(fc.constantFrom(...ENCRYPTION_ALGORITHMS), fc.constantFrom(...INTEGRITY_ALGORITHMS))
  .chain(([{ cipher, keyBits }, { integrity, keyBits: integrityBits, icvBits }]) =>
    fc.record(
      {
        cipher: fc.constant(cipher),
        key_hex: fc.constantFrom(...keyBits).chain(key),
        integrity: fc.constant(integrity),
        integrity_key_hex: key(integrityBits),
        icv_bytes: fc.constant((icvBits / 8) as EspCrypto['icv_bytes']),
      },
      plain,
    ),
  );
export const anyCrypto: fc.Arbitrary<EspCrypto> = fc.oneof(aead, pairOfAlgorithms);

/** Ranges that a value and a mask express. */
const ports = fc
  .tuple(fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 65_535 }))
  .map(([bits, port]): [number, number] => {
    const low = (port >>> bits) << bits;
    return [low, low + 2 ** bits - 1];
  });
const ANY: [number, number] = [0, 65_535];
const icmp = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.option(fc.integer({ min: 0, max: 255 })))
  .map(([type, code]): [number, number] =>
    code === null ? [type << 8, (type << 8) | 255] : [(type << 8) | code, (type << 8) | code],
  );

const prefix4 = fc
  .tuple(word, fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => `${formatIp4(networkOf({ address, length }))}/${length}`);
const prefix6 = fc
  .tuple(words, fc.integer({ min: 0, max: 128 }))
  .map(([address, length]) => `${formatIp6(networkOf6({ address, length }))}/${length}`);

export const anySelector: fc.Arbitrary<TrafficSelector> = fc.constantFrom(prefix4, prefix6).chain((prefix) =>
  fc.oneof(
    fc.record(
      {
        src: prefix,
        dst: prefix,
        protocol: fc.constantFrom(0, 6, 17, 47),
        src_ports: ports,
        dst_ports: ports,
      },
      plain,
    ),
    fc.record(
      {
        src: prefix,
        dst: prefix,
        protocol: fc.constantFrom(1, 58),
        src_ports: fc.oneof(icmp, fc.constant(ANY)),
        dst_ports: fc.constant(ANY),
      },
      plain,
    ),
  ),
);

export function anySpec(): fc.Arbitrary<SaSpec> {
  const limit = fc.option(fc.integer({ min: 1, max: 2 ** 40 }));
  const port = fc.integer({ min: 1, max: 65_535 });
  return fc.constantFrom(address4, address6).chain((address) =>
    fc
      .record(
        {
          dst: address,
          src: address,
          spi: fc.integer({ min: 1, max: 0xffffffff }),
          direction: fc.constantFrom('in' as const, 'out' as const),
          if_id: word,
          reqid: word,
          encap: fc.option(fc.record({ src_port: port, dst_port: port }, plain)),
          crypto: anyCrypto,
          mode: fc.constantFrom('tunnel' as const, 'transport' as const),
          esn: fc.boolean(),
          replay_window: fc.constantFrom(0, 1, 32, 64, 100, 256, 4096),
          lifetime: fc.record(
            {
              soft_bytes: limit,
              hard_bytes: limit,
              soft_packets: limit,
              hard_packets: limit,
              soft_add_s: limit,
              hard_add_s: limit,
              soft_use_s: limit,
              hard_use_s: limit,
            },
            plain,
          ),
          selectors: fc.option(fc.array(anySelector, { minLength: 1, maxLength: 5 })),
          dscp: fc.constantFrom('copy' as const, 'keep' as const),
          ecn: fc.boolean(),
          df: fc.constantFrom('copy' as const, 'clear' as const),
          start_sequence: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        },
        plain,
      )
      .chain((one) =>
        fc
          .option(fc.constantFrom(1, 1200, 0xffffffff), { nil: undefined })
          .map((tfc) => spec({ ...one, ...(tfc === undefined ? {} : { tfc_bytes: tfc }) })),
      ),
  );
}
