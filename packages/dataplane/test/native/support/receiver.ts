// The receive loop of the scenarios: asleep until a descriptor is readable, as a worker is.
import { closeFd, pollerAdd, pollerOpen, Waiter } from '../../../src/native/index.js';

/** Calls `drain` whenever `fd` is readable, until `end()`. */
export class Receiver {
  readonly #poller = pollerOpen();
  readonly #waiter: Waiter;

  constructor(fd: number, drain: () => void) {
    pollerAdd(this.#poller, fd);
    this.#waiter = new Waiter(this.#poller, () => {
      drain();
      this.#waiter.arm();
    });
    this.#waiter.arm();
  }

  end(): void {
    this.#waiter.close();
    closeFd(this.#poller);
  }
}

/** Exchanges the `length` bytes at `a` with those at `b`. */
export function exchange(bytes: Buffer, a: number, b: number, length: number): void {
  const kept = Buffer.from(bytes.subarray(a, a + length));
  bytes.copy(bytes, a, b, b + length);
  kept.copy(bytes, b);
}

/** Exchanges source and destination of an Ethernet header. */
export function swapMacs(frame: Buffer): void {
  exchange(frame, 0, 6, 6);
}
