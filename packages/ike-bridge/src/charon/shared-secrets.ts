// Keys and passwords that both ends know: which of them a connection needs, and whose they are.
import { type ConnectionSection, identities, remoteAuth } from '@sluice/shared';
import type { SharedKey } from '../vici/index.js';

export interface SharedSecret {
  /** In charon. */
  id: string;
  type: SharedKey['type'];
  file: string;
  owners: string[];
}

/** The id of a connection's pre-shared key in charon. */
function sharedKeyId(connection: string): string {
  return `psk:${connection}`;
}

export function sharedSecrets(connection: ConnectionSection): SharedSecret[] {
  const { name, local, remote, psk } = connection;
  const id = identities(connection);
  const secrets: SharedSecret[] = [];
  if (psk !== undefined && (local.auth === 'psk' || remoteAuth(remote) === 'psk')) {
    const owners = [...(id.local === null ? [] : [id.local]), id.remote];
    secrets.push({ id: sharedKeyId(name), type: 'IKE', file: psk.file, owners });
  }
  if (local.auth === 'eap-mschapv2' && local.eap?.password !== undefined) {
    // With the peer's identity, so that one name may have a password for each of several peers.
    const owners = [local.eap.username, id.remote];
    secrets.push({ id: `eap:${name}`, type: 'EAP', file: local.eap.password.file, owners });
  }
  if (local.xauth !== undefined) {
    const { username, password } = local.xauth;
    secrets.push({ id: `xauth:${name}`, type: 'XAUTH', file: password.file, owners: [username, id.remote] });
  }
  for (const { username, password } of remote.xauth?.users ?? []) {
    secrets.push({ id: `xauth:${name}:${username}`, type: 'XAUTH', file: password.file, owners: [username] });
  }
  return secrets;
}
