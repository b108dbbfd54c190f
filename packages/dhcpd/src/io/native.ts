// The addon: sockets of network namespaces that Node.js has none of. Loaded when the first one is needed.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '@sluice/shared';

export type Watcher = { readonly native: unique symbol };

/** What `receive` tells of a message, by index; native/transfer.c. */
export const META_UNCHECKED = 0;
export const META_INTERFACE = 1;
export const META_DESTINATION = 2;
export const META_SOURCE = 3;
/** IPv6 addresses, four words each. */
export const META_DESTINATION6 = 5;
export const META_SOURCE6 = 9;
export const META_COUNT = 13;

/** The functions of native/module.c. A namespace is a path, or empty: where the process is. */
export interface Native {
  /** Frames of a device: DHCP, and answers of ARP. Throws an Error with the errno's name as its code. */
  openLink(namespace: string, device: string): number;
  /** UDP port 67. */
  openUdp(namespace: string): number;
  /** UDP port 547 over IPv6. */
  openUdp6(namespace: string): number;
  /** Joins or leaves a group on a device. 0, or -errno. */
  joinGroup6(fd: number, group: Uint8Array, index: number, join: boolean): number;
  /** Receives echo replies. */
  openIcmp(namespace: string): number;
  /** 0 for a device that is not there, or not up. */
  linkIndex(namespace: string, device: string): number;
  /** Index of the device of a packet socket, 0 when it is gone; writes its MAC address. */
  linkAddress(fd: number, mac: Uint8Array): number;
  /** Sockets without an address, for Node.js to use; of IPv6 by those with a 6. */
  openDatagram(namespace: string): number;
  openDatagram6(namespace: string): number;
  openStream(namespace: string): number;
  openStream6(namespace: string): number;
  /** `address` of 4 or 16 octets. 0 when it is under way: what comes of it, reading and writing tell. Or -errno. */
  beginConnect(fd: number, address: Uint8Array, port: number): number;
  /** Likewise; 0, or -errno. */
  bindTo(fd: number, address: Uint8Array, port: number): number;
  closeFd(fd: number): void;
  /** Octets, or -errno. */
  receive(fd: number, bytes: Uint8Array, meta: Int32Array): number;
  sendFrame(fd: number, bytes: Uint8Array): number;
  /** `source` 0 lets Linux choose. */
  sendDatagram(fd: number, bytes: Uint8Array, source: number, destination: number, port: number): number;
  /** `source` :: and `index` 0 let Linux choose. */
  sendDatagram6(
    fd: number,
    bytes: Uint8Array,
    source: Uint8Array,
    destination: Uint8Array,
    index: number,
    port: number,
  ): number;
  watch(fd: number, callback: () => void): Watcher;
  unwatch(watcher: Watcher): void;
}

let loaded: Native | null = null;

/** Errors: SluiceError `not-built`. */
export function native(): Native {
  if (loaded !== null) return loaded;
  // From dist/src/io to the package.
  const file = fileURLToPath(new URL('../../../build/Release/dhcpd_native.node', import.meta.url));
  try {
    loaded = createRequire(import.meta.url)(file) as Native;
  } catch (error) {
    throw new SluiceError('not-built', `${file} cannot be loaded: run "npm run build"`, { cause: error });
  }
  return loaded;
}
