// Sockets in the network namespace of a VRF, as descriptors that Node.js takes over (`fd`).
import { getSystemErrorName } from 'node:util';
import { native } from './native.js';

/** A UDP socket. Errors: the system's, with the errno's name as its code. */
export function openDatagramIn(namespace: string, family: 4 | 6): number {
  return family === 4 ? native().openDatagram(namespace) : native().openDatagram6(namespace);
}

/**
 * A TCP connection that is under way: whether it comes about, reading and writing tell. `address` has 4 or 16 octets.
 * Errors: the system's, with the errno's name as its code.
 */
export function connectIn(namespace: string, address: Uint8Array, port: number): number {
  const addon = native();
  const fd = address.length === 4 ? addon.openStream(namespace) : addon.openStream6(namespace);
  const result = addon.beginConnect(fd, address, port);
  if (result === 0) return fd;
  addon.closeFd(fd);
  const code = getSystemErrorName(result);
  throw Object.assign(new Error(`connect: ${code}`), { code });
}
