// Sockets in the network namespace of a VRF, as descriptors that Node.js takes over (`fd`).
import { getSystemErrorName } from 'node:util';
import { native } from './native.js';

/** A UDP socket. Errors: the system's, with the errno's name as its code. */
export function openDatagramIn(namespace: string, family: 4 | 6): number {
  return family === 4 ? native().openDatagram(namespace) : native().openDatagram6(namespace);
}

/**
 * A UDP socket with an address of its own, for an address of 4 or 16 octets. Errors: the system's, with the errno's name as its
 * code.
 */
export function bindDatagramIn(namespace: string, address: Uint8Array, port: number): number {
  const fd = openDatagramIn(namespace, address.length === 4 ? 4 : 6);
  return checked(fd, 'bind', native().bindTo(fd, address, port));
}

/** A TCP socket that is to listen at an address of 4 or 16 octets. Errors: likewise. */
export function bindStreamIn(namespace: string, address: Uint8Array, port: number): number {
  const fd = openStreamIn(namespace, address);
  return checked(fd, 'bind', native().bindTo(fd, address, port));
}

/**
 * A TCP connection that is under way: whether it comes about, reading and writing tell. `address` has 4 or 16 octets.
 * Errors: the system's, with the errno's name as its code.
 */
export function connectIn(namespace: string, address: Uint8Array, port: number): number {
  const fd = openStreamIn(namespace, address);
  return checked(fd, 'connect', native().beginConnect(fd, address, port));
}

function openStreamIn(namespace: string, { length }: Uint8Array): number {
  return length === 4 ? native().openStream(namespace) : native().openStream6(namespace);
}

/** The socket when what was done to it is done, else none. */
function checked(fd: number, doing: string, result: number): number {
  if (result === 0) return fd;
  native().closeFd(fd);
  const code = getSystemErrorName(result);
  throw Object.assign(new Error(`${doing}: ${code}`), { code });
}
