import { addon, type BatchCall, type NativeWaiter } from './addon.js';

/** A set of descriptors to wait for (epoll, level-triggered). @returns its descriptor. @throws NativeError */
export const pollerOpen: () => number = addon.pollerOpen;

/** Adds a descriptor, which makes the poller readable when it is so itself. @throws NativeError */
export const pollerAdd: (poller: number, fd: number) => void = addon.pollerAdd;

/** Takes a descriptor out; one that is closed is taken out by the kernel. @throws NativeError */
export const pollerRemove: (poller: number, fd: number) => void = addon.pollerRemove;

/**
 * Which of its descriptors are readable, 64 of them at most: (poller, out, at, count), without waiting. Those that stay
 * readable take turns. @returns how many there are, or -errno.
 */
export const pollerReady: BatchCall = addon.pollerReady;

/** An event (eventfd) to wake another thread that has it in its poller. @throws NativeError */
export const eventOpen: () => number = addon.eventOpen;

/** Makes an event readable; any thread may. @returns 0 or -errno. */
export const eventSignal: (fd: number) => number = addon.eventSignal;

/** Makes an event unreadable again. @returns 0 or -errno. */
export const eventClear: (fd: number) => number = addon.eventClear;

/** Closes a descriptor that the native layer opened: poller, event or TAP. @throws NativeError */
export const closeFd: (fd: number) => void = addon.closeFd;

/**
 * Calls back when a poller has something to read, on the event loop of the thread that made it.
 *
 * One-shot: `arm()` waits, and the callback runs once, after which it is disarmed until the next `arm()`. An armed
 * waiter keeps the event loop alive, a disarmed one does not. `close()` it before its poller; a worker that is
 * terminated closes its own.
 */
export class Waiter {
  #native: NativeWaiter | undefined;

  /** @throws NativeError */
  constructor(poller: number, callback: () => void) {
    this.#native = addon.waiterOpen(poller, callback);
  }

  /** Arming an armed waiter changes nothing. @throws NativeError EBADF after close. */
  arm(): void {
    addon.waiterArm(this.#native as NativeWaiter);
  }

  disarm(): void {
    if (this.#native !== undefined) addon.waiterDisarm(this.#native);
  }

  close(): void {
    if (this.#native === undefined) return;
    addon.waiterClose(this.#native);
    this.#native = undefined;
  }
}
