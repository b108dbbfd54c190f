// Every ESP algorithm, both ways against scapy: inner sizes around its block, ESN, ESP in UDP, and a forged ICV.
import type { EspCrypto } from '@sluice/shared';
import type { Case } from '../support/case.js';
import { crypto, type SaFields } from '../support/sa.js';
import { lan, wan } from '../support/two-ports.js';

type Transform = [
  name: string,
  cipher: EspCrypto['cipher'],
  keyBytes: number,
  icvBytes: number,
  integrity?: EspCrypto['integrity'],
];

const KEYS = [16, 24, 32];
const HMACS: [string, EspCrypto['integrity'], number][] = [
  ['SHA1-96', 'hmac-sha1', 12],
  ['SHA2-256-128', 'hmac-sha2-256', 16],
  ['SHA2-384-192', 'hmac-sha2-384', 24],
  ['SHA2-512-256', 'hmac-sha2-512', 32],
];

const withHmac = (cipher: EspCrypto['cipher'], keyBytes: number, title: string): Transform[] =>
  HMACS.map(([name, integrity, icv]) => [`${title} with ${name}`, cipher, keyBytes, icv, integrity]);

export const TRANSFORMS: readonly Transform[] = [
  ...KEYS.flatMap((key): Transform[] =>
    [8, 12, 16].map((icv) => [`AES-GCM ${key * 8}, ICV ${icv}`, 'aes-gcm', key, icv]),
  ),
  ...KEYS.map((key): Transform => [`AES-GMAC ${key * 8}`, 'aes-gmac', key, 16]),
  ['ChaCha20-Poly1305', 'chacha20-poly1305', 32, 16],
  ...KEYS.flatMap((key) => withHmac('aes-cbc', key, `AES-CBC ${key * 8}`)),
  ...KEYS.flatMap((key) => withHmac('aes-ctr', key, `AES-CTR ${key * 8}`)),
  ...withHmac('null', 0, 'NULL'),
];

const SIZES = [20, 21, 33, 34, 35, 36, 37, 38, 63, 300, 1399, 1400];
const packetIn = (size: number, ttl: number): string =>
  `IP(src=REMOTE, dst=HOST, proto=253, ttl=${ttl})/payload(${size - 20})`;
const packetOut = (size: number, ttl: number): string =>
  `IP(src=HOST, dst=REMOTE, proto=253, ttl=${ttl})/payload(${size - 20})`;

function both(name: string, fields: SaFields, first = 1, high = 0, udp = ''): Case {
  const outer = `IP(src=WAN, dst=PEER, ttl=64)${udp}`;
  return {
    name,
    sas: { in: fields, out: fields },
    send: SIZES.flatMap((size, i) => [
      wan(`seal('in', ${packetIn(size, 9)}, seq=${first + i}, high=${high})`),
      lan(packetOut(size, 9)),
    ]),
    expect: SIZES.flatMap((size, i) => [
      lan(packetIn(size, 8)),
      wan(`opens('out', ${packetOut(size, 8)}, ${outer}, ${first + i}, high=${high})`, { free: ['IP.id'] }),
    ]),
    counters: { 'tun.rx_packets': SIZES.length, 'tun.tx_packets': SIZES.length },
  };
}

export const espAlgorithms: readonly Case[] = TRANSFORMS.flatMap(
  ([name, cipher, keyBytes, icv, integrity]) => {
    const algorithm = { crypto: crypto(cipher, keyBytes, icv, integrity) };
    return [
      both(name, algorithm),
      both(`${name}, ESN`, { ...algorithm, esn: true, start_sequence: 5 * 2 ** 32 + 9 }, 10, 5),
      both(
        `${name}, in UDP`,
        { ...algorithm, encap: { src_port: 4500, dst_port: 4500 } },
        1,
        0,
        '/UDP(sport=4500, dport=4500, chksum=0)',
      ),
      {
        name: `${name}: a forged ICV, and one that is cut`,
        sas: { in: algorithm },
        send: [
          wan(`flip(seal('in', ${packetIn(100, 9)}, seq=1), -1)`),
          wan(`flip(seal('in', ${packetIn(100, 9)}, seq=2), -${icv})`),
          wan(`flip(seal('in', ${packetIn(100, 9)}, seq=3), 40)`),
          wan(`flip(seal('in', ${packetIn(100, 9)}, seq=4), 27, 0x40)`),
        ],
        counters: { 'esp-decrypt/integrity_failed': 4, 'wan.drops': 4 },
      },
    ];
  },
);
