// Whom an operator means by one word: a connection by its name, or all whose peer has an address or an identity.
import {
  type ConnectionSection,
  canonicalIp,
  type IkeSaReport,
  identities,
  SluiceError,
} from '@sluice/shared';

export interface Peer {
  /** Connections; empty for an address that none has. */
  names: ReadonlySet<string>;
  /** Where it is, as far as that is known. */
  addresses: ReadonlySet<string>;
  /** Whether the word was an address: whoever is there is meant, of whatever connection. */
  byAddress: boolean;
}

/** @throws SluiceError `no-peer` for a word that is neither an address nor anything configured */
export function peerOf(
  word: string,
  connections: readonly ConnectionSection[],
  sas: readonly IkeSaReport[],
): Peer {
  const address = canonicalIp(word);
  const named = connections.filter(({ name }) => name === word);
  const meant = named.length > 0 ? named : connections.filter((each) => isAt(each, word, address, sas));
  if (meant.length === 0 && address === null) {
    throw new SluiceError(
      'no-peer',
      `No connection is named "${word}", and no peer has that address or identity: see show ike and the configuration.`,
    );
  }
  const names = new Set(meant.map(({ name }) => name));
  const byAddress = named.length === 0 && address !== null;
  const addresses = byAddress
    ? [address]
    : [
        ...meant.flatMap(({ remote }) => canonicalIp(remote.address) ?? []),
        ...sas.filter(({ name }) => names.has(name)).map(({ remote_address }) => remote_address),
      ];
  return { names, addresses: new Set(addresses), byAddress };
}

function isAt(
  connection: ConnectionSection,
  word: string,
  address: string | null,
  sas: readonly IkeSaReport[],
): boolean {
  const own = sas.filter(({ name }) => name === connection.name);
  if (address !== null) {
    return (
      canonicalIp(connection.remote.address) === address ||
      own.some(({ remote_address }) => remote_address === address)
    );
  }
  return identities(connection).remote === word || own.some(({ remote_id }) => remote_id === word);
}
