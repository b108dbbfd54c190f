// The Unix socket that the library preloaded into charon connects to, one connection per netlink socket.
import { chmod, chown, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { REDIRECT_MESSAGE_MAX, REDIRECT_MSG_BIND } from './constants.js';
import { decodeMessage, encodeMessage, type Message, nlmsghdr } from './netlink.js';
import type { XfrmLog } from './sink.js';
import type { Xfrm } from './xfrm.js';

/** Octets of events that wait for a charon that does not read. */
const BACKLOG_MAX = 4 << 20;
/**
 * Requests of a connection that are in work at a time: as many as charon has threads. Each waits for the data plane, and
 * charon puts one after the other only where one needs the other's answer.
 */
const IN_WORK_MAX = 32;

export interface XfrmServerOptions {
  path: string;
  xfrm: Xfrm;
  log: XfrmLog;
  /** A process bound a socket: charon, by its process id. */
  onBind?: (pid: number) => void;
  /** Every request, before it is handled: for tests that look at what charon sends. */
  onRequest?: (request: Message) => void;
}

export class XfrmServer {
  readonly #options: XfrmServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  private constructor(options: XfrmServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    options.xfrm.onMulticast((groups, message) => {
      const bound = [...this.#connections].filter((connection) => (connection.groups & groups) !== 0);
      for (const connection of bound) connection.send([message]);
      return bound.length > 0;
    });
  }

  /** Listens; a socket file that a former process left is replaced. Its owner and this process's group, charon's, may connect. */
  static async listen(options: XfrmServerOptions): Promise<XfrmServer> {
    const server = new XfrmServer(options);
    await rm(options.path, { force: true });
    const umask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        server.#server.once('error', reject);
        server.#server.listen(options.path, resolve);
      });
    } finally {
      process.umask(umask);
    }
    // A shared run directory would give it its own group, and so every process of the gateway.
    await chown(options.path, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
    await chmod(options.path, 0o660);
    return server;
  }

  /** How many sockets listen to events: none means that charon is not there. */
  get listeners(): number {
    return [...this.#connections].filter((connection) => connection.groups !== 0).length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.end();
    await closed;
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#options);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }
}

class Connection {
  groups = 0;
  readonly #socket: Socket;
  readonly #options: XfrmServerOptions;
  #received = Buffer.alloc(0);
  #inWork = 0;

  constructor(socket: Socket, options: XfrmServerOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (bytes) => {
      const before = this.#received;
      this.#received = Buffer.concat([before, bytes]);
      // Requests carry keys.
      bytes.fill(0);
      before.fill(0);
      this.#work();
    });
    socket.on('error', (error) =>
      options.log.debug({ error: error.message }, 'A connection of charon broke.'),
    );
  }

  send(messages: readonly Message[]): void {
    if (this.#socket.writableLength > BACKLOG_MAX) {
      this.end('charon does not read what the bridge tells it; its connection was closed.');
      return;
    }
    for (const message of messages) {
      if (!this.#socket.destroyed) this.#socket.write(encodeMessage(message));
    }
  }

  end(warning?: string): void {
    if (warning !== undefined) this.#options.log.warn({}, warning);
    this.#received.fill(0);
    this.#received = Buffer.alloc(0);
    this.#socket.destroy();
  }

  /** Begins requests in their order; each is answered when it is done. With enough in work nothing more is read. */
  #work(): void {
    while (this.#inWork < IN_WORK_MAX) {
      const bytes = this.#take();
      if (bytes === null) {
        this.#socket.resume();
        return;
      }
      this.#inWork++;
      void this.#handle(bytes);
    }
    this.#socket.pause();
  }

  async #handle(bytes: Buffer): Promise<void> {
    const request = decodeMessage(bytes);
    if (request !== null) await this.#answer(request);
    bytes.fill(0);
    this.#inWork--;
    this.#work();
  }

  async #answer(request: Message): Promise<void> {
    if (request.type === REDIRECT_MSG_BIND) {
      if (request.payload.length >= 4) this.groups = request.payload.readUInt32LE(0);
      this.#options.onBind?.(request.pid);
      return;
    }
    this.#options.onRequest?.(request);
    this.send(await this.#options.xfrm.handle(request));
  }

  /** The next whole message, as a copy, or null. A length that cannot be ends the connection. */
  #take(): Buffer | null {
    if (this.#socket.destroyed || this.#received.length < nlmsghdr.size) return null;
    const length = nlmsghdr.read(this.#received, 0).nlmsg_len;
    if (length < nlmsghdr.size || length > REDIRECT_MESSAGE_MAX) {
      this.end(`A connection to the XFRM socket sent a message of ${length} octets and was closed.`);
      return null;
    }
    if (this.#received.length < length) return null;
    const message = Buffer.from(this.#received.subarray(0, length));
    this.#received.fill(0, 0, length);
    this.#received = this.#received.subarray(length);
    return message;
  }
}
