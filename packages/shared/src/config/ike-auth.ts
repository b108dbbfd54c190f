// How the two ends of an IKE connection prove who they are.
import { z } from 'zod';
import { canonicalIp, ipFamily } from '../net/ip.js';
import { ANY_IDENTITY, IDENTITY_FORM, identityFault } from './ike-identity.js';

/** The word for an address that is not known before. */
export const ANY_ADDRESS = 'any';

const file = (what: string) =>
  z.strictObject({ file: z.string().regex(/^\//, `must be an absolute path to ${what}`) });

/** A secret is a reference, never the secret: configurations are shown, compared and stored. */
export const secretReference = file('a file that only its owner can read');

const certificates = file('a file of certificates (PEM, or one in DER)');

const identity = z
  .string()
  .min(1)
  .max(255)
  .superRefine((text, context) => {
    const fault = identityFault(text);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  });

const address = z
  .string()
  .refine(
    (text) => text === ANY_ADDRESS || ipFamily(text) !== null,
    `must be an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1, or ${ANY_ADDRESS}`,
  );

const account = z.strictObject({
  username: z.string().min(1).max(255),
  password: secretReference.describe('File that holds the password; a trailing newline is not part of it.'),
});

export const localEnd = z.strictObject({
  address: address.describe(
    'Of one of our interfaces, loopbacks included; any: the one that routes lead by.',
  ),
  id: identity
    .optional()
    .describe(
      `Who we say that we are. Left out: the subject of our certificate, else the address. ${IDENTITY_FORM}`,
    ),
  auth: z
    .enum(['psk', 'certificate', 'eap-mschapv2', 'eap-tls'])
    .default('psk')
    .describe('How we prove it. The kinds of EAP are for clients: they need a peer with a certificate.'),
  certificate: certificates
    .optional()
    .describe(
      'Our certificate, and behind it those of intermediate authorities. For certificate and eap-tls.',
    ),
  private_key: secretReference.optional().describe('Its private key, RSA, ECDSA or Ed25519, not encrypted.'),
  eap: account
    .partial({ password: true })
    .optional()
    .describe('Name and password for eap-mschapv2; eap-tls has a name at most.'),
  xauth: account.optional().describe('IKEv1: the name and password that we give when the peer asks.'),
});

export const remoteEnd = z.strictObject({
  address: address.describe('any: the peer calls us from wherever it is.'),
  id: identity
    .optional()
    .describe(
      `Who the peer must be; ${ANY_IDENTITY}: anyone who can prove it. Left out: its address. ${IDENTITY_FORM}`,
    ),
  auth: z
    .enum(['psk', 'certificate'])
    .optional()
    .describe('How it proves that. Left out: certificate where there is ca or certificate, else psk.'),
  ca: z
    .array(certificates)
    .min(1)
    .optional()
    .describe(
      'Authorities (root certificates) of which one must have issued its certificate, directly or not.',
    ),
  certificate: certificates.optional().describe('The only certificate that it may have, instead of ca.'),
  crl: z
    .array(file('a certificate revocation list (PEM or DER)'))
    .min(1)
    .optional()
    .describe(
      'What the authorities have revoked. Files are read again when they change; nothing is fetched.',
    ),
  revocation: z
    .enum(['relaxed', 'strict'])
    .default('relaxed')
    .describe('relaxed: what a list revokes is refused; strict: so is what no valid list speaks of.'),
  xauth: z
    .strictObject({ users: z.array(account).min(1) })
    .optional()
    .describe('IKEv1: the peer must give one of these names with its password.'),
});

export type LocalEnd = z.output<typeof localEnd>;
export type RemoteEnd = z.output<typeof remoteEnd>;

/** How the peer proves who it is. */
export function remoteAuth(remote: RemoteEnd): 'psk' | 'certificate' {
  return remote.auth ?? (remote.ca === undefined && remote.certificate === undefined ? 'psk' : 'certificate');
}

/** Whether we show a certificate. */
export function showsCertificate(local: LocalEnd): boolean {
  return local.auth === 'certificate' || local.auth === 'eap-tls';
}

/** The identities of both ends; null where it is the subject of our certificate. */
export function identities({ local, remote }: { local: LocalEnd; remote: RemoteEnd }): {
  local: string | null;
  remote: string;
} {
  const otherwise = showsCertificate(local) ? null : canonicalIp(local.address);
  return {
    local: local.id === undefined ? otherwise : (canonicalIp(local.id) ?? local.id),
    remote:
      remote.id === undefined
        ? (canonicalIp(remote.address) ?? ANY_IDENTITY)
        : (canonicalIp(remote.id) ?? remote.id),
  };
}
