// The users that the processes of a gateway run as, one each, and the group that they share: of /etc/passwd and
// /etc/group, where `npm run setup` has made them.
//
// By name and not by fixed numbers, as Debian's packages have it: an operator sees them in ps and ls, may give one of them
// a file, and no number can be somebody else's.
import { readFileSync } from 'node:fs';

/** Of the run directory, and so of the sockets. */
export const SHARED_GROUP = 'sluice';

export interface Identity {
  uid: number;
  gid: number;
  /** Beside its own: the shared one, and those of processes whose sockets it opens. */
  groups: readonly number[];
}

export function userOf(process: string): string {
  return `sluice-${process}`;
}

/** Of passwd(5): its user and group; of group(5): its number. */
export interface Accounts {
  users: ReadonlyMap<string, { uid: number; gid: number }>;
  groups: ReadonlyMap<string, number>;
}

export function readAccounts(passwd = '/etc/passwd', group = '/etc/group'): Accounts {
  const users = rows(passwd).map(
    ([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }] as const,
  );
  const groups = rows(group).map(([name = '', , gid]) => [name, Number(gid)] as const);
  return { users: new Map(users), groups: new Map(groups) };
}

function rows(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** The names that are missing for these processes; the shared group first. */
export function missingNames(processes: readonly string[], { users, groups }: Accounts): string[] {
  const group = groups.has(SHARED_GROUP) ? [] : [SHARED_GROUP];
  return [...group, ...processes.map(userOf).filter((name) => !users.has(name))];
}

/** Null when the user, or the shared group, is missing. */
export function identityOf(
  process: string,
  { users, groups }: Accounts,
  besides: readonly string[] = [],
): Identity | null {
  const user = users.get(userOf(process));
  const shared = groups.get(SHARED_GROUP);
  if (user === undefined || shared === undefined || user.uid === 0) return null;
  const others = besides.map((name) => users.get(userOf(name))?.gid).filter((gid) => gid !== undefined);
  return { ...user, groups: [...new Set([shared, ...others])] };
}
