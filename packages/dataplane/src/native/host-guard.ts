import { addon } from './addon.js';

/**
 * Keeps what comes in on a device from the Linux stack; packet sockets still get it. Ends with the process.
 *
 * @returns a handle. @throws NativeError when the kernel is older than 6.6.
 */
export const hostGuardAttach: (device: string) => number = addon.hostGuardAttach;

/** Lets Linux have the device's packets again. @throws NativeError */
export const hostGuardClose: (handle: number) => void = addon.hostGuardClose;
