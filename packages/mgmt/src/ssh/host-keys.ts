// The keys by which the box proves to be itself: made at its first start, and kept.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';

/** Without RSA: every client that has the key exchanges and ciphers which are offered has one of these. */
const KINDS: Record<string, () => { private: string }> = {
  ed25519: () => ssh2.utils.generateKeyPairSync('ed25519'),
  ecdsa: () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }),
};

/** Private keys in OpenSSH's format, those that are missing made. Errors: errno of reading and writing. */
export function hostKeys(stateDir: string): string[] {
  const directory = join(stateDir, 'ssh');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  return Object.entries(KINDS).map(([type, generate]) => {
    const file = join(directory, `host_${type}_key`);
    if (!existsSync(file)) {
      writeFileSync(`${file}.new`, generate().private, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    }
    return readFileSync(file, 'utf8');
  });
}
