// Which SAs no longer are what the configuration says, judged by what charon lists of them.
import { ANY_ADDRESS, type ConnectionSection, canonicalIp, identities, isIdentity } from '@sluice/shared';
import { hexadecimal, subsection, subsections, text } from '../vici/index.js';
import type { IfIds } from './connections.js';
import type { ListedSa } from './sas.js';

/** Unique ids of SAs to end. An IKE_SA that is named takes its CHILD_SAs with it, so those are not named too. */
export interface StaleSas {
  ike: string[];
  child: { id: string; name: string }[];
}

/** What is known to have changed since an SA was made; null when the bridge cannot know (it has restarted). */
export type KnownChange = { ike: boolean; children: ReadonlySet<string> } | null;

/** @param sas of the connection */
export function staleSas(
  connection: ConnectionSection,
  ifIds: IfIds,
  sas: readonly ListedSa[],
  change: KnownChange,
): StaleSas {
  const stale: StaleSas = { ike: [], child: [] };
  for (const { section } of sas) {
    if (change === null ? !endpointsMatch(connection, section) : change.ike) {
      stale.ike.push(text(section, 'uniqueid') ?? '');
      continue;
    }
    for (const [, child] of subsections(subsection(section, 'child-sas'))) {
      const childName = text(child, 'name') ?? '';
      const wanted = connection.children.find((candidate) => candidate.name === childName);
      const ifId = hexadecimal(child, 'if-id-in');
      const moved = ifId !== undefined && ifId !== ifIds.get(wanted?.tunnel ?? '');
      if (wanted === undefined || moved || change?.children.has(childName)) {
        stale.child.push({ id: text(child, 'uniqueid') ?? '', name: childName });
      }
    }
  }
  return stale;
}

/** Unique ids of the IKE_SAs that are not at the connection's local address. */
export function elsewhere(connection: ConnectionSection, sas: readonly ListedSa[]): string[] {
  return sas
    .filter(({ section }) => !isHere(connection, text(section, 'local-host')))
    .map(({ section }) => text(section, 'uniqueid') ?? '');
}

/** Before anything was sent, charon lists no address. */
function isHere({ local: { address } }: ConnectionSection, listed: string | undefined): boolean {
  return (
    address === ANY_ADDRESS || listed === undefined || listed === '%any' || listed === canonicalIp(address)
  );
}

function endpointsMatch(connection: ConnectionSection, section: ListedSa['section']): boolean {
  // Before authentication charon reports %any for identities, and a NAT in between may show another address.
  const id = identities(connection);
  const matches = (key: string, isWanted: (listed: string) => boolean): boolean => {
    const listed = text(section, key);
    return listed === undefined || listed === '%any' || isWanted(listed);
  };
  return (
    matches('local-id', (listed) => id.local === null || isIdentity(id.local, listed)) &&
    matches('remote-id', (listed) => isIdentity(id.remote, listed)) &&
    isHere(connection, text(section, 'local-host'))
  );
}
