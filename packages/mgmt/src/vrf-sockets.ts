// Sockets that listen in a VRF: in this process's network namespace, or in that of the VRF.
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { bindDatagramIn, bindStreamIn } from '@sluice/dhcpd/namespace-sockets';
import { codeOf, DEFAULT_VRF, ipBytes, namespacePath, vrfNamespaceName } from '@sluice/shared';

export interface ListenPlace {
  vrf: string;
  address: string;
  port: number;
}

/** `192.0.2.1 port 22 in VRF blue` */
export function placeName({ vrf, address, port }: ListenPlace): string {
  return `${address} port ${port}${vrf === DEFAULT_VRF ? '' : ` in VRF ${vrf}`}`;
}

/**
 * Tells the network namespace of a VRF from the one before it: a socket stays in that, although nobody reaches it any more.
 * Null when there is none at the moment.
 */
export async function namespaceIdentity(vrf: string): Promise<string | null> {
  if (vrf === DEFAULT_VRF) return '';
  try {
    const { dev, ino } = await stat(namespacePath(await vrfNamespaceName(vrf)));
    return `${dev}:${ino}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Errors: the system's (EADDRNOTAVAIL while the address is not there yet, ENOENT while the VRF is not). */
export async function listenIn(server: Server, { vrf, address, port }: ListenPlace): Promise<void> {
  const bound =
    vrf === DEFAULT_VRF
      ? { host: address, port }
      : { fd: bindStreamIn(await pathOf(vrf), ipBytes(address), port) };
  server.listen(bound);
  await once(server, 'listening');
}

/** Likewise. */
export async function bindIn(socket: Socket, { vrf, address, port }: ListenPlace): Promise<void> {
  const bound =
    vrf === DEFAULT_VRF
      ? { address, port }
      : { fd: bindDatagramIn(await pathOf(vrf), ipBytes(address), port) };
  // Of a socket that is there already it says so at once.
  const listening = once(socket, 'listening');
  socket.bind(bound);
  await listening;
}

async function pathOf(vrf: string): Promise<string> {
  return namespacePath(await vrfNamespaceName(vrf));
}
