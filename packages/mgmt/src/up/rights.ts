// What `sluice up` has to hand on, and as whom each process runs; and what falls short of the table, said to the operator.
import { type Logger, shareRunDir } from '@sluice/shared';
import { ownCapabilities } from './capabilities.js';
import {
  CONFINED_NAMES,
  PROCESS_NAMES,
  type ProcessName,
  privilegesOf,
  SWITCHING,
  shortfalls,
} from './privileges.js';
import { type GatewayPaths, pathsClosedTo, pathsClosedToRoot } from './processes.js';
import type { Say } from './progress.js';
import { prepareStateDirs } from './take-over.js';
import {
  type Accounts,
  type Identity,
  identityOf,
  missingNames,
  readAccounts,
  SHARED_GROUP,
} from './users.js';

export interface Rights {
  /** Capabilities that there are to hand on. */
  own: readonly string[];
  /** Those that processes of root's user get beside their own. */
  besides: readonly string[];
  /** Of those processes that run as users of their own. */
  identities: ReadonlyMap<ProcessName, Identity>;
  /** The group of the run directory; null when all processes are root's. */
  sharedGid: number | null;
}

/** Decides who runs as whom, and prepares the directories for that. The run directory is there. */
export function rightsFor(paths: GatewayPaths, say: Say, log: Logger): Rights {
  const own = ownCapabilities();
  for (const line of shortfalls(own)) say(`warning: ${line}`);
  const accounts = readAccounts();
  const identities = usersFor(own, accounts, say);
  const prepare = (): number | null => {
    const gid = identities.size === 0 ? null : (accounts.groups.get(SHARED_GROUP) ?? null);
    shareRunDir(paths.runDir, gid);
    const owners = PROCESS_NAMES.map((name) => ({ name, identity: identities.get(name) ?? null }));
    prepareStateDirs(paths.stateDir, gid, owners, log);
    return gid;
  };
  prepare();
  for (const [name, identity] of [...identities]) {
    const closed = pathsClosedTo(name, paths, identity, own);
    if (closed.length === 0) continue;
    identities.delete(name);
    say(
      `warning: ${closed.join(', ')}: closed to the user sluice-${name}, so ${name} runs as root's user; let others enter the directories (chmod o+x), or move it to where they may`,
    );
  }
  return { own, besides: besidesFor(paths, own, say), identities, sharedGid: prepare() };
}

function usersFor(own: readonly string[], accounts: Accounts, say: Say): Map<ProcessName, Identity> {
  // Said among the shortfalls.
  if (SWITCHING.some((capability) => !own.includes(capability))) return new Map();
  const missing = missingNames(CONFINED_NAMES, accounts);
  if (missing.length > 0)
    say(
      `warning: there is no ${missing.join(', ')} in /etc/passwd and /etc/group, so processes run as root's user: run "node setup/users.mjs", which makes them`,
    );
  const found = CONFINED_NAMES.map(
    (name) => [name, identityOf(name, accounts, privilegesOf(name).besides)] as const,
  );
  return new Map(found.flatMap(([name, identity]) => (identity === null ? [] : [[name, identity] as const])));
}

function besidesFor(paths: GatewayPaths, own: readonly string[], say: Say): string[] {
  const closed = pathsClosedToRoot(paths, own);
  if (closed.length === 0) return [];
  say(
    `warning: ${closed.join(', ')}: not root's, or in a directory that is closed to root, so every process of root's user gets cap_dac_override; give it to root, or move it to where root owns the directories`,
  );
  return ['dac_override'];
}
