// The only file that knows the nanomsg package: sockets as the actor runtime needs them.
//
// It uses the package's native binding and not its stream layer, which reads one message per turn of the
// event loop, stops reading a REP socket after each message, and resends a failed send for ever.
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { SluiceError } from './errors.js';

/** What nanomsg's native binding exports, as far as it is used here. Numbers below zero are failures. */
interface Binding {
  Socket(domain: number, protocol: number): number;
  Close(socket: number): number;
  Setopt(socket: number, level: number, option: number, value: number): number;
  Chan(socket: number, option: number, prefix: string): number;
  Bind(socket: number, address: string): number;
  Connect(socket: number, address: string): number;
  Send(socket: number, message: Buffer, flags: number): number;
  Recv(socket: number, flags: number): Buffer | number;
  Errno(): number;
  Err(): string;
  PollSocket(socket: number, sender: boolean, onReady: () => void): Buffer;
  PollStop(poll: Buffer): void;
  readonly AF_SP: number;
  readonly NN_REQ: number;
  readonly NN_REP: number;
  readonly NN_PUB: number;
  readonly NN_SUB: number;
  readonly NN_SOL_SOCKET: number;
  readonly NN_RCVMAXSIZE: number;
  readonly NN_RCVBUF: number;
  readonly NN_SNDBUF: number;
  readonly NN_RECONNECT_IVL: number;
  readonly NN_RECONNECT_IVL_MAX: number;
  readonly NN_REQ_RESEND_IVL: number;
  readonly NN_SUB_SUBSCRIBE: number;
  readonly NN_SUB_UNSUBSCRIBE: number;
  readonly NN_DONTWAIT: number;
}

const nn = (createRequire(import.meta.url)('nanomsg') as { _bindings: Binding })._bindings;

const PROTOCOL = { req: nn.NN_REQ, rep: nn.NN_REP, pub: nn.NN_PUB, sub: nn.NN_SUB } as const;

export type SocketKind = keyof typeof PROTOCOL;

export interface SocketOptions {
  /** A peer that sends a longer message is disconnected. */
  receiveLimitBytes: number;
  /** First and longest wait before connecting again to a peer that is not there. */
  reconnectMs?: number;
  reconnectMaxMs?: number;
}

/**
 * A REQ socket that gets two replies to a request, as it does when it has sent it twice to one peer, frees the second
 * where it keeps the first, and ends the process when it is read or closed (nn_req_in of nanomsg 1.1.5). So it sends
 * again only when its peer has gone.
 */
const NEVER_MS = 2 ** 31 - 1;

/** Longest path of a Unix socket, less its closing NUL (sys/un.h). */
export const SOCKET_PATH_MAX = 107;

/**
 * One nanomsg socket. Messages are Buffers. Errors are SluiceErrors with code `nanomsg`, naming the call.
 * Only for the main thread: the native binding always polls on the main thread's event loop.
 */
export class NanomsgSocket {
  readonly kind: SocketKind;
  readonly #socket: number;
  #poll: Buffer | null = null;
  #closed = false;

  constructor(kind: SocketKind, options: SocketOptions) {
    if (!isMainThread)
      throw new SluiceError('nanomsg', 'nanomsg sockets can only be used on the main thread');
    this.kind = kind;
    this.#socket = this.#check('nn_socket', nn.Socket(nn.AF_SP, PROTOCOL[kind]));
    this.#set('NN_RCVMAXSIZE', nn.NN_SOL_SOCKET, nn.NN_RCVMAXSIZE, options.receiveLimitBytes);
    if (options.reconnectMs !== undefined)
      this.#set('NN_RECONNECT_IVL', nn.NN_SOL_SOCKET, nn.NN_RECONNECT_IVL, options.reconnectMs);
    if (options.reconnectMaxMs !== undefined)
      this.#set('NN_RECONNECT_IVL_MAX', nn.NN_SOL_SOCKET, nn.NN_RECONNECT_IVL_MAX, options.reconnectMaxMs);
    if (kind === 'req') this.#set('NN_REQ_RESEND_IVL', nn.NN_REQ, nn.NN_REQ_RESEND_IVL, NEVER_MS);
  }

  /** Listens on a Unix socket at `path`, at most SOCKET_PATH_MAX octets long. */
  bind(path: string): void {
    this.#check(`nn_bind ${path}`, nn.Bind(this.#socket, `ipc://${checkLength(path)}`));
  }

  /** Connects, and connects again whenever the peer goes and comes back. Returns before it is connected. */
  connect(path: string): void {
    this.#check(`nn_connect ${path}`, nn.Connect(this.#socket, `ipc://${checkLength(path)}`));
  }

  /** SUB: lets through messages that begin with `prefix`. Counted: undone by as many unsubscribes. */
  subscribe(prefix: string): void {
    this.#check('nn_setsockopt NN_SUB_SUBSCRIBE', nn.Chan(this.#socket, nn.NN_SUB_SUBSCRIBE, prefix));
  }

  unsubscribe(prefix: string): void {
    this.#check('nn_setsockopt NN_SUB_UNSUBSCRIBE', nn.Chan(this.#socket, nn.NN_SUB_UNSUBSCRIBE, prefix));
  }

  /** Never waits: what cannot be sent is dropped (PUB, REP) or sent once a peer is there (REQ), and again when that has gone. */
  send(message: Buffer): void {
    this.#check('nn_send', nn.Send(this.#socket, message, nn.NN_DONTWAIT));
  }

  /** The next message, or null when there is none. */
  receive(): Buffer | null {
    const message = nn.Recv(this.#socket, nn.NN_DONTWAIT);
    if (typeof message !== 'number') return message;
    if (nn.Errno() !== constants.errno.EAGAIN) this.#check('nn_recv', message);
    return null;
  }

  /** Calls back in every turn of the event loop that finds a message waiting. Once per socket. */
  onReadable(callback: () => void): void {
    this.#poll = nn.PollSocket(this.#socket, false, callback);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // First the poll: its file descriptor dies with the socket.
    if (this.#poll) nn.PollStop(this.#poll);
    this.#poll = null;
    this.#check('nn_close', nn.Close(this.#socket));
  }

  #set(name: string, level: number, option: number, value: number): void {
    this.#check(`nn_setsockopt ${name}`, nn.Setopt(this.#socket, level, option, value));
  }

  #check(call: string, result: number): number {
    if (result < 0) throw new SluiceError('nanomsg', `${call}: ${nn.Err()}`);
    return result;
  }
}

function checkLength(path: string): string {
  // nanomsg itself ends the process on a longer one.
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX)
    throw new SluiceError(
      'path-too-long',
      `${path} is longer than ${SOCKET_PATH_MAX} octets, the most that a Unix socket's path can have: use a shorter run directory`,
    );
  return path;
}
