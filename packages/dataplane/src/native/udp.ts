import { addon } from './addon.js';

/**
 * (namespace, version): a UDP socket in the network namespace at this path, or where the process is when it is empty. It is
 * not blocking, has no address of its own, and is to be closed by closeFd. @throws NativeError
 */
export const udpOpen: (namespace: string, version: 4 | 6) => number = addon.udpOpen;

/**
 * (fd, bytes, length, address, port): sends a datagram of the first `length` octets to an address of four or sixteen.
 * @returns the octets sent, or -errno: also of an ICMP error about an earlier datagram, and this one is not sent then.
 */
export const udpSend: (
  fd: number,
  bytes: Uint8Array,
  length: number,
  address: Uint8Array,
  port: number,
) => number = addon.udpSend;
