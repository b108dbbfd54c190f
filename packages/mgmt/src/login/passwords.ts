// Whether a password is the one whose argon2 hash the configuration has for a user.
import { hashSync, verify } from '@node-rs/argon2';
import type { Logger, UserSection } from '@sluice/shared';
import type { GuessLimit } from './guess-limit.js';

/** locked: nothing was compared, or nothing will be after this one, because its source has guessed too often. */
export type PasswordVerdict = 'right' | 'wrong' | 'locked';

/** Syslog's facility of what is said of logins. */
export const LOGINS = { facility: 'authpriv' };

/** What a password is compared with when nobody has that name, so that it takes as long. */
const NOBODY = hashSync('nobody has this password');

/** One at a time: a hash takes 19 MiB and some 20 ms, which many at once must not multiply. */
let hashing: Promise<unknown> = Promise.resolve();

export class Passwords {
  constructor(
    private readonly limit: GuessLimit,
    private readonly log: Logger,
  ) {}

  /**
   * Never rejects: what cannot be compared is wrong, and logged.
   * @param user Of the configuration; undefined when it has nobody of that name.
   */
  async check(
    user: UserSection | undefined,
    { name, password, address }: { name: string; password: string; address: string },
  ): Promise<PasswordVerdict> {
    const { limit, log } = this;
    if (limit.lockedFor(address) > 0) return 'locked';
    const compared = hashing.then(() => verify(user?.password_hash ?? NOBODY, password));
    hashing = compared.catch(() => undefined);
    const right = await compared.catch((error: unknown) => {
      log.error({ err: error, user: name }, 'a password could not be compared');
      return false;
    });
    if (right && user?.password_hash !== undefined) {
      limit.succeeded(address);
      return 'right';
    }
    const locked = limit.failed(address);
    log.warn({ user: name, address, locked }, 'a wrong password');
    return locked ? 'locked' : 'wrong';
  }
}
