// Who somebody at a Telnet connection is: a name and a password, a few times.
import type { UserSection } from '@sluice/shared';
import type { Passwords } from '../login/passwords.js';
import type { SessionUser } from '../shell/session.js';
import { ask } from './ask.js';
import type { TelnetChannel } from './channel.js';

const TRIES = 3;

/**
 * The user; null when the client leaves, has tried often enough, or answers no option.
 * @param users Who may log in, as it is when a password has been typed.
 * @param onName Called when the client has typed a name.
 */
export async function logIn(
  channel: TelnetChannel,
  users: () => readonly UserSection[],
  address: string,
  passwords: Passwords,
  onName: () => void,
): Promise<SessionUser | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const name = await ask(channel, 'login: ', true);
    if (name === null) return null;
    // A stream of octets is no Telnet client, and its lines are not worth the time that comparing passwords takes.
    if (!channel.negotiated) return null;
    onName();
    const password = await ask(channel, 'password: ', false);
    if (password === null) return null;
    // The client shows a password of its own when it does not let us: its line has ended then.
    const user = users().find((each) => each.name === name);
    const verdict = await passwords.check(user, { name, password, address });
    if (verdict === 'right' && user !== undefined) return { name: user.name, role: user.role };
    if (verdict === 'locked') {
      channel.write('Too many wrong passwords came from your address: try again later.\r\n');
      return null;
    }
    channel.write('That is not right.\r\n');
  }
  return null;
}
