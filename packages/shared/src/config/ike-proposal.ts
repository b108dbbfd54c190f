// Proposals for IKE, in strongSwan's notation: which algorithms charon has, and what makes a whole of them.
//
// RFC 8247 judges them: what it says MUST NOT be used is not offered, what it says SHOULD NOT is WEAK.
import { espKeyExchangeNames, INTEROPERABLE } from './esp-proposal.js';

const sizes = (mode: string): string[] => ['aes128', 'aes192', 'aes256'].map((aes) => aes + mode);

/** They authenticate by themselves, and need a PRF of their own (RFC 5282). IKEv1 has none of them. */
export const ikeAeadNames: readonly string[] = [
  ...[16, 12, 8].flatMap((icv) => sizes(`gcm${icv}`)),
  ...[16, 12, 8].flatMap((icv) => sizes(`ccm${icv}`)),
  'chacha20poly1305',
];

/** They need an integrity algorithm beside them. */
export const ikeCipherNames: readonly string[] = [
  ...sizes(''),
  ...sizes('ctr'),
  'camellia128',
  'camellia192',
  'camellia256',
  '3des',
];

/** Each is the PRF too, unless one is named. */
export const ikeIntegrityNames: readonly string[] = [
  'sha256',
  'sha384',
  'sha512',
  'sha1',
  'aesxcbc',
  'aescmac',
];

export const ikePrfNames: readonly string[] = ikeIntegrityNames.map((name) => `prf${name}`);

export const ikeKeyExchangeNames: readonly string[] = [...espKeyExchangeNames, 'modp1536', 'modp1024'];

/** RFC 8247 sections 2.1 and 2.4: for peers that have nothing better. */
const WEAK = ['3des', 'modp1536', 'modp1024'];

/** Hashes that IKEv1 negotiates. */
const IKE1_HASHES = ['sha256', 'sha384', 'sha512', 'sha1'];

/** RFC 2409 and RFC 3526, RFC 5903; the others are of IKEv2. */
const IKE1_KEY_EXCHANGES = ikeKeyExchangeNames.filter((name) => /^(modp|ecp)\d+$/.test(name));

export type IkeVersion = 1 | 2;

const DEFAULTS: Record<IkeVersion, readonly string[]> = {
  1: ['aes256-sha256-modp2048', 'aes128-sha256-modp2048'],
  2: [
    'aes256gcm16-prfsha384-x25519',
    'aes128gcm16-prfsha256-x25519',
    'aes256gcm16-prfsha384-ecp384',
    'aes256-sha384-ecp384',
  ],
};

const EXCHANGES = 'x25519-ecp384-ecp256-ecp521-modp4096-modp3072-modp2048';

/** For a peer of which nothing is known: nothing weak, the best first, AEADs apart (RFC 7296 section 3.3). */
const INTEROPERABLE_PROPOSALS: Record<IkeVersion, readonly string[]> = {
  1: [
    'aes256-aes128-sha512-sha384-sha256-modp4096-modp3072-modp2048-ecp384-ecp256',
    'aes256-aes128-sha1-modp2048',
  ],
  2: [
    `aes256gcm16-aes192gcm16-aes128gcm16-prfsha512-prfsha384-prfsha256-prfsha1-${EXCHANGES}`,
    `chacha20poly1305-prfsha512-prfsha384-prfsha256-${EXCHANGES}`,
    `aes256-aes192-aes128-sha512-sha384-sha256-sha1-${EXCHANGES}`,
  ],
};

const includes = (names: readonly string[]) => (name: string) => names.includes(name);
const isAead = includes(ikeAeadNames);
const isCipher = includes(ikeCipherNames);
const isIntegrity = includes(ikeIntegrityNames);
const isPrf = includes(ikePrfNames);
const isKeyExchange = includes(ikeKeyExchangeNames);
const KINDS = [isAead, isCipher, isIntegrity, isPrf, isKeyExchange];

/** Why IKE cannot be proposed like that, as a sentence for the operator; null when it can. */
export function ikeProposalFault(proposal: string): string | null {
  if (proposal === INTEROPERABLE) return null;
  const parts = proposal.split('-');
  const unknown = parts.find((part) => !KINDS.some((kind) => kind(part)));
  if (unknown !== undefined)
    return `must be of what IKE has here, and "${unknown}" is not: ${IKE_CAPABILITIES}`;
  const aead = parts.find(isAead);
  const cipher = parts.find(isCipher);
  const integrity = parts.find(isIntegrity);
  if (aead === undefined && cipher === undefined) return `must name a cipher: ${IKE_CAPABILITIES}`;
  if (aead !== undefined && cipher !== undefined) {
    return `must be two proposals: ${aead} authenticates by itself and ${cipher} does not`;
  }
  if (aead !== undefined && integrity !== undefined) {
    return `must be without ${integrity}: ${aead} authenticates by itself; name a PRF such as prf${integrity} instead`;
  }
  if (aead !== undefined && !parts.some(isPrf)) {
    return `must have a PRF, because ${aead} brings none: add one of ${ikePrfNames.join(', ')}`;
  }
  if (cipher !== undefined && integrity === undefined) {
    return `must have an integrity algorithm, because ${cipher} has none of its own: add one of ${ikeIntegrityNames.join(', ')}`;
  }
  if (!parts.some(isKeyExchange)) {
    return `must have a key exchange: add one of ${ikeKeyExchangeNames.join(', ')}`;
  }
  const repeated = parts.find((part, i) => parts.indexOf(part) !== i);
  return repeated === undefined ? null : `must name ${repeated} once`;
}

/** What a proposal may consist of. */
export const IKE_CAPABILITIES = [
  `a cipher of ${ikeAeadNames.join(', ')} with a PRF of ${ikePrfNames.join(', ')}`,
  `or one of ${ikeCipherNames.join(', ')} with one of ${ikeIntegrityNames.join(', ')}`,
  `then a key exchange of ${ikeKeyExchangeNames.join(', ')}`,
  `all joined by "-", such as aes256gcm16-prfsha384-x25519; or the word ${INTEROPERABLE}`,
].join('; ');

/** Why IKEv1 cannot carry a proposal that is right as such; null when it can. */
export function ike1ProposalFault(proposal: string): string | null {
  if (proposal === INTEROPERABLE) return null;
  const can = (part: string): boolean =>
    isCipher(part) ? !part.endsWith('ctr') : IKE1_HASHES.includes(part) || IKE1_KEY_EXCHANGES.includes(part);
  const other = proposal.split('-').find((part) => !can(part));
  if (other === undefined) return null;
  return `must be without ${other}, which IKEv1 has not: write a cipher in CBC mode, one of ${IKE1_HASHES.join(', ')}, and one of ${IKE1_KEY_EXCHANGES.join(', ')}, such as aes256-sha256-modp2048`;
}

/** The IKE proposals of a connection as charon is to read them. */
export function ikeProposals(connection: {
  version: IkeVersion;
  proposals?: readonly string[] | undefined;
}): string[] {
  const { version, proposals = DEFAULTS[version] } = connection;
  const named = proposals.flatMap((proposal) =>
    proposal === INTEROPERABLE ? INTEROPERABLE_PROPOSALS[version] : [proposal],
  );
  return version === 1 ? [...new Set(named.flatMap(singly))] : named;
}

/**
 * A proposal of IKEv1 names one algorithm of each kind, so one that names several stands for all combinations,
 * those of the first cipher first.
 */
export function singly(proposal: string): string[] {
  const parts = proposal.split('-');
  const kinds = [
    parts.filter((part) => isAead(part) || isCipher(part) || /gmac$/.test(part) || part === 'null'),
    parts.filter(isIntegrity),
    parts.filter(isKeyExchange),
  ].filter((kind) => kind.length > 0);
  return kinds
    .reduce<string[][]>((made, kind) => made.flatMap((head) => kind.map((part) => [...head, part])), [[]])
    .map((combination) => combination.join('-'));
}

/** Algorithms among those that a connection allows which RFC 8247 advises against. */
export function weakAlgorithms(proposals: readonly string[]): string[] {
  return WEAK.filter((weak) => proposals.some((proposal) => proposal.split('-').includes(weak)));
}
