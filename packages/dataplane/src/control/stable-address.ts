// Interface identifiers of addresses that the box makes itself: RFC 7217, stable and opaque.
//
// Not the modified EUI-64 of RFC 4862: that would show the MAC address to everyone the box speaks to, the same under
// every provider (RFC 8064). Stable, because a gateway is reached by its address: it survives restarts, since the
// secret does; another prefix, another identifier.
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ip6Words } from '@sluice/shared';

const SECRET_BYTES = 32;

/** The secret in a file that only its owner reads; made when there is none. */
export function stableSecret(path: string): Uint8Array {
  try {
    const secret = readFileSync(path);
    if (secret.length === SECRET_BYTES) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(SECRET_BYTES);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, secret, { mode: 0o600 });
  return secret;
}

/**
 * The address in a /64 of an interface (RFC 7217 section 5). `attempt` is the DAD counter: how many before this one
 * somebody else had.
 */
export function stableAddress(
  prefix: Ip6Words,
  interfaceName: string,
  attempt: number,
  secret: Uint8Array,
): Ip6Words {
  const digest = createHmac('sha256', secret)
    .update(`${prefix[0]}:${prefix[1]}/${interfaceName}/${attempt}`)
    .digest();
  return [prefix[0], prefix[1], digest.readUInt32BE(0), digest.readUInt32BE(4)];
}

/** Identifiers that are not for stations: all zeros, and those of RFC 5453. */
export function isReservedIdentifier([, , w2, w3]: Ip6Words): boolean {
  if (w2 === 0 && w3 === 0) return true;
  if (w2 === 0x02005eff && w3 >>> 24 === 0xfe) return true;
  return w2 === 0xfdffffff && w3 >= 0xffffff80;
}
