// Identities of IKE (RFC 7296 section 3.5), in strongSwan's notation: what kind a text is, and what charon makes of it.
import { canonicalIp } from '../net/ip.js';

export type IdentityKind = 'any' | 'address' | 'fqdn' | 'email' | 'dn' | 'key-id';

/** Any identity. */
export const ANY_IDENTITY = '%any';

export const IDENTITY_FORM =
  'An address, a domain name (gw.example.com), an email address (me@example.com), a distinguished name ("C=CH, O=Example, CN=gw"), or a key id (keyid:branch-7, or keyid:#6272 in hexadecimal digits).';

/** RFC 4514 section 3: type=value pairs, by commas or slashes. */
const DISTINGUISHED = /^\/?\s*[A-Za-z][A-Za-z0-9.-]*\s*=/;
const KEY_ID = /^keyid:(.*)$/;

export function identityKind(identity: string): IdentityKind {
  if (identity === ANY_IDENTITY) return 'any';
  if (KEY_ID.test(identity)) return 'key-id';
  if (canonicalIp(identity) !== null) return 'address';
  if (DISTINGUISHED.test(identity)) return 'dn';
  return identity.includes('@') ? 'email' : 'fqdn';
}

/** What is wrong with it, as a sentence for the operator; null when nothing is. */
export function identityFault(identity: string): string | null {
  switch (identityKind(identity)) {
    case 'fqdn':
      return /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(identity)
        ? null
        : `is no identity. ${IDENTITY_FORM}`;
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(identity) ? null : `is no identity. ${IDENTITY_FORM}`;
    case 'key-id':
      return /^keyid:(#([0-9a-fA-F]{2})+|[^#].*)$/.test(identity)
        ? null
        : 'needs text behind keyid:, or an even number of hexadecimal digits behind keyid:#';
    default:
      return null;
  }
}

/** As charon reads and prints it, so that what it lists can be compared. */
export function canonicalIdentity(identity: string): string {
  return canonicalIp(identity) ?? identity;
}

/**
 * Whether what charon lists is the identity that is configured. Names compare without case; charon prints
 * distinguished names and key ids in a form of its own, so those are taken to be right.
 */
export function isIdentity(configured: string, listed: string): boolean {
  const kind = identityKind(configured);
  if (kind === 'any' || kind === 'dn' || kind === 'key-id' || configured.includes('*')) return true;
  return canonicalIdentity(configured).toLowerCase() === listed.toLowerCase();
}
