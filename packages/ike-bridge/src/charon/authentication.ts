// How both ends of a connection authenticate, as rounds in the terms of swanctl.conf.
import { type ConnectionSection, identities, remoteAuth } from '@sluice/shared';

/** IKEv1 may have a second round for a name and a password. Rounds are taken in the order of their sections. */
export interface Rounds {
  local: Record<string, string>;
  remote: Record<string, string>;
  'local-xauth'?: Record<string, string>;
  'remote-xauth'?: Record<string, string>;
}

const METHODS = { psk: 'psk', certificate: 'pubkey', 'eap-mschapv2': 'eap-mschapv2', 'eap-tls': 'eap-tls' };

export function authentication(connection: ConnectionSection): Rounds {
  const { local, remote } = connection;
  const id = identities(connection);
  return {
    local: {
      auth: METHODS[local.auth],
      ...(id.local === null ? {} : { id: id.local }),
      ...(local.eap === undefined ? {} : { eap_id: local.eap.username }),
    },
    remote: {
      auth: METHODS[remoteAuth(remote)],
      id: id.remote,
      ...(remoteAuth(remote) === 'certificate' ? { revocation: remote.revocation } : {}),
    },
    ...(local.xauth === undefined
      ? {}
      : { 'local-xauth': { auth: 'xauth', xauth_id: local.xauth.username } }),
    ...(remote.xauth === undefined ? {} : { 'remote-xauth': { auth: 'xauth' } }),
  };
}
