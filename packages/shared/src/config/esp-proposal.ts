// Proposals for ESP, in strongSwan's notation: which algorithms the data plane does, and what makes a whole of them.
//
// A proposal names one or more algorithms of each kind, joined by "-"; the peers take the first that both have.

/** They authenticate by themselves: AES-GCM with an ICV of 8, 12 or 16 octets, GMAC (which does not encrypt), ChaCha20-Poly1305. */
export const espAeadNames = [
  ...[8, 12, 16].flatMap((icv) => ['aes128', 'aes192', 'aes256'].map((aes) => `${aes}gcm${icv}`)),
  'chacha20poly1305',
  'aes128gmac',
  'aes192gmac',
  'aes256gmac',
] as const;

/** They need an integrity algorithm beside them: AES-CBC, AES-CTR, and none at all. */
export const espCipherNames = [
  'aes128',
  'aes192',
  'aes256',
  'aes128ctr',
  'aes192ctr',
  'aes256ctr',
  'null',
] as const;

/** HMAC-SHA1-96, HMAC-SHA2-256-128, -384-192, -512-256. */
export const espIntegrityNames = ['sha256', 'sha384', 'sha512', 'sha1'] as const;

/** Key exchanges for perfect forward secrecy, of those that Debian's charon has and RFC 8247 does not advise against. */
export const espKeyExchangeNames = [
  'x25519',
  'curve25519',
  'x448',
  'ecp256',
  'ecp384',
  'ecp521',
  'ecp256bp',
  'ecp384bp',
  'ecp512bp',
  'modp2048',
  'modp3072',
  'modp4096',
  'modp6144',
  'modp8192',
] as const;

/** The word that stands for INTEROPERABLE_ESP_PROPOSALS. */
export const INTEROPERABLE = 'interoperable';

const EXCHANGES = 'x25519-ecp384-ecp256-modp4096-modp3072-modp2048';

/**
 * For a peer of which nothing is known: everything that encrypts and authenticates with full strength, the best
 * first, with key exchanges that most have. AEADs stand in proposals of their own (RFC 7296 section 3.3).
 */
export const INTEROPERABLE_ESP_PROPOSALS: readonly string[] = [
  `aes256gcm16-aes192gcm16-aes128gcm16-${EXCHANGES}`,
  `chacha20poly1305-${EXCHANGES}`,
  `aes256-aes192-aes128-sha512-sha384-sha256-sha1-${EXCHANGES}`,
];

const includes = (names: readonly string[]) => (name: string) => names.includes(name);
const isAead = includes(espAeadNames);
const isCipher = includes(espCipherNames);
const isIntegrity = includes(espIntegrityNames);
const isKeyExchange = includes(espKeyExchangeNames);
const isEsn = includes(['esn', 'noesn']);

/** Why ESP cannot be proposed like that, as a sentence for the operator; null when it can. */
export function espProposalFault(proposal: string): string | null {
  if (proposal === INTEROPERABLE) return null;
  const parts = proposal.split('-');
  const unknown = parts.find(
    (part) => ![isAead, isCipher, isIntegrity, isKeyExchange, isEsn].some((kind) => kind(part)),
  );
  if (unknown !== undefined)
    return `must be of what the data plane does, and "${unknown}" is not: ${ESP_CAPABILITIES}`;

  const aead = parts.find(isAead);
  const cipher = parts.find(isCipher);
  const integrity = parts.find(isIntegrity);
  if (aead === undefined && cipher === undefined) return `must name a cipher: ${ESP_CAPABILITIES}`;
  if (aead !== undefined && cipher !== undefined) {
    return `must be two proposals: ${aead} authenticates by itself and ${cipher} does not`;
  }
  if (aead !== undefined && integrity !== undefined) {
    return `must be without ${integrity}: ${aead} authenticates by itself`;
  }
  if (cipher !== undefined && integrity === undefined) {
    return `must have an integrity algorithm, because ${cipher} has none of its own: add one of ${espIntegrityNames.join(', ')}`;
  }
  const repeated = parts.find((part, i) => parts.indexOf(part) !== i);
  return repeated === undefined ? null : `must name ${repeated} once`;
}

/** What a proposal may consist of. */
export const ESP_CAPABILITIES = [
  `a cipher of ${espAeadNames.join(', ')}`,
  `or one of ${espCipherNames.join(', ')} with one of ${espIntegrityNames.join(', ')}`,
  `then, for PFS, a key exchange of ${espKeyExchangeNames.join(', ')}`,
  'then esn or noesn',
  `all joined by "-", such as aes256gcm16-x25519; or the word ${INTEROPERABLE}`,
].join('; ');

/** Whether what comes of it authenticates by itself. */
export function isAeadProposal(proposal: string): boolean {
  return proposal.split('-').some(isAead);
}

/** How a proposal speaks of extended sequence numbers (RFC 4304); without a word of it, charon proposes none. */
export function espProposalEsn(proposal: string): 'unsaid' | 'always' | 'perhaps' | 'never' {
  const parts = proposal.split('-');
  const [yes, no] = [parts.includes('esn'), parts.includes('noesn')];
  if (yes) return no ? 'perhaps' : 'always';
  return no ? 'never' : 'unsaid';
}
