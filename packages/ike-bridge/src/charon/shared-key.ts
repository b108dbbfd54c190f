// The pre-shared key of a connection, on its way from its file to charon.
import { createHmac, randomBytes } from 'node:crypto';
import type { ConnectionSection } from '@sluice/shared';
import { loadShared, type ViciSender } from '../vici/index.js';
import { identities } from './connections.js';
import { readSecretFile } from './secret-file.js';

/** Fingerprints tell a changed key from the same one within this process, and are of no use outside it. */
const FINGERPRINT_KEY = randomBytes(32);

/** The id of a connection's key in charon. */
export function sharedKeyId(connection: string): string {
  return `psk:${connection}`;
}

/**
 * Loads the key unless charon holds it already (`loaded` is what the last call returned), and wipes it.
 * @returns the fingerprint of key and owners
 * @throws Error when the file cannot be used, ViciError when charon cannot take the key
 */
export async function ensureSharedKey(
  sender: ViciSender,
  connection: ConnectionSection,
  loaded: string | undefined,
): Promise<string> {
  const { local, remote } = identities(connection);
  const data = await readSecretFile(connection.psk.file);
  try {
    const fingerprint = createHmac('sha256', FINGERPRINT_KEY)
      .update(JSON.stringify([local, remote]))
      .update(data)
      .digest('hex');
    if (fingerprint !== loaded) {
      await loadShared(sender, {
        id: sharedKeyId(connection.name),
        type: 'IKE',
        data,
        owners: [local, remote],
      });
    }
    return fingerprint;
  } finally {
    data.fill(0);
  }
}
