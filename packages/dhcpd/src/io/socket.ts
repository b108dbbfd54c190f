// A socket that is read whenever there is something, a bounded number of messages at a time.
import { constants } from 'node:os';
import { META_COUNT, native, type Watcher } from './native.js';

/** The longest that a link brings; DHCP's messages are shorter. */
const MESSAGE_BYTES = 16_384;
/** Messages that are read before others have their turn. */
const BATCH = 256;

export type OnMessage = (bytes: Buffer, meta: Int32Array) => void;
/** Looks at a message where it was received: true for one that is not worth a copy. */
export type Refuses = (bytes: Buffer, length: number, meta: Int32Array) => boolean;

export class Socket {
  /** One message at a time: `onMessage` is given a copy. */
  static readonly #bytes = Buffer.alloc(MESSAGE_BYTES);
  static readonly #meta = new Int32Array(META_COUNT);
  readonly #watcher: Watcher;
  #closed = false;

  constructor(
    readonly fd: number,
    private readonly onMessage: OnMessage,
    private readonly onError: (errno: number) => void,
    private readonly refuses: Refuses = () => false,
  ) {
    this.#watcher = native().watch(fd, () => this.#read());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    native().unwatch(this.#watcher);
    native().closeFd(this.fd);
  }

  #read(): void {
    const { receive } = native();
    for (let i = 0; i < BATCH && !this.#closed; i++) {
      const length = receive(this.fd, Socket.#bytes, Socket.#meta);
      if (length === -constants.errno.EAGAIN) return;
      if (length < 0) {
        this.onError(-length);
        return;
      }
      if (this.refuses(Socket.#bytes, length, Socket.#meta)) continue;
      // Views of it outlive this turn, where an answer waits for the disk or a probe.
      const message = Buffer.allocUnsafe(length);
      Socket.#bytes.copy(message, 0, 0, length);
      this.onMessage(message, Socket.#meta);
    }
  }
}
