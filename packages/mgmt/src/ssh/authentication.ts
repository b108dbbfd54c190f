// Who may log in: by a public key, or by a password whose argon2 hash the configuration has.
import { timingSafeEqual } from 'node:crypto';
import type { Logger, UserSection } from '@sluice/shared';
import ssh2, { type AuthContext, type PasswordAuthContext, type PublicKeyAuthContext } from 'ssh2';
import { LOGINS, type Passwords } from '../login/passwords.js';
import type { SessionUser } from '../shell/session.js';

const METHODS: ('publickey' | 'password')[] = ['publickey', 'password'];

export class Authentication {
  /** Who has proved to be whom; null before. */
  user: SessionUser | null = null;
  private readonly log: Logger;

  constructor(
    private readonly users: readonly UserSection[],
    private readonly address: string,
    private readonly passwords: Passwords,
    log: Logger,
  ) {
    this.log = log.child(LOGINS);
  }

  /** Decides about one attempt. Never throws. */
  attempt(context: AuthContext): void {
    const user = this.users.find(({ name }) => name === context.username);
    if (context.method === 'publickey') this.#publicKey(context, user);
    else if (context.method === 'password') void this.#password(context, user);
    else context.reject(METHODS);
  }

  #publicKey(context: PublicKeyAuthContext, user: UserSection | undefined): void {
    const key = user?.public_keys
      .map(parsedKey)
      .find((each) => each !== null && sameKey(each, context.key.data));
    // RSA signatures over SHA-1 (RFC 8332 section 1): no hash is named for those.
    const old = context.key.algo === 'ssh-rsa' && context.hashAlgo === undefined;
    if (!user || !key || (old && context.signature !== undefined)) {
      context.reject(METHODS);
    } else if (context.signature === undefined || context.blob === undefined) {
      // Without a signature the client only asks whether this key would do.
      context.accept();
    } else if (key.verify(context.blob, context.signature, context.hashAlgo) === true) {
      this.#accepted(user, 'public key');
      context.accept();
    } else {
      context.reject(METHODS);
    }
  }

  async #password(context: PasswordAuthContext, user: UserSection | undefined): Promise<void> {
    const { username: name, password } = context;
    const verdict = await this.passwords.check(user, { name, password, address: this.address });
    if (verdict === 'right' && user !== undefined) {
      this.#accepted(user, 'password');
      return context.accept();
    }
    context.reject(verdict === 'locked' ? ['publickey'] : METHODS);
  }

  #accepted({ name, role }: UserSection, by: string): void {
    this.user = { name, role };
    this.log.info({ user: name, address: this.address, by }, 'logged in');
  }
}

type Key = {
  getPublicSSH(): Buffer;
  verify(data: Buffer, signature: Buffer, algorithm?: string): boolean | Error;
};

function parsedKey(line: string): Key | null {
  const key = ssh2.utils.parseKey(line);
  return key instanceof Error ? null : ((Array.isArray(key) ? key[0] : key) as Key);
}

function sameKey(key: Key, data: Buffer): boolean {
  const known = key.getPublicSSH();
  return known.length === data.length && timingSafeEqual(known, data);
}
