// One connection to a daemon's VICI socket.
//
// The protocol has no numbers that tie an answer to its request, so one exchange runs at a time and the others
// wait their turn. For the same reason an exchange that misses its deadline costs the whole connection: a late
// answer would be taken for that of the next request.
//
// States: connecting → open → closed. Nothing leaves closed; make a new connection.
import { createConnection, type Socket } from 'node:net';
import { ViciError } from './errors.js';
import { Framer } from './framer.js';
import type { ViciInput, ViciSection } from './message.js';
import { type ClientPacketType, decodePacket, encodePacket, type ServerPacket } from './packet.js';
import { PACKET } from './protocol.js';

/** Generous for a daemon on the same machine; long-running commands bring their own. */
export const DEADLINE_MS = 5000;
/** Streamed events that wait for their reader before the socket is paused: bounds memory, not speed. */
const STREAM_BACKLOG = 256;

export interface ConnectOptions {
  /** Path of the Unix socket. */
  path: string;
  /** For connecting, and for each answer that brings no deadline of its own. */
  deadlineMs?: number;
  /** Called for events that no running stream asked for. */
  onEvent?: (name: string, message: ViciSection) => void;
}

export interface RequestOptions {
  /** Longest wait for the answer, or, of a streaming command, for the next event or the answer. */
  deadlineMs?: number;
}

interface Exchange {
  what: string;
  deadlineMs: number;
  /** Takes a packet of this exchange; returns false for one that cannot belong to it. */
  take: (packet: ServerPacket) => boolean;
  fail: (error: ViciError) => void;
}

export class ViciConnection {
  /** Settles, never rejects, when the connection has closed: with the reason, or null after close(). */
  readonly closed: Promise<ViciError | null>;

  private readonly socket: Socket;
  private readonly deadlineMs: number;
  private readonly onEvent: ((name: string, message: ViciSection) => void) | undefined;
  private readonly framer = new Framer();
  private current: Exchange | null = null;
  private timer: NodeJS.Timeout | null = null;
  private tail: Promise<unknown> = Promise.resolve();
  private ended: ViciError | null = null;
  private settleClosed!: (reason: ViciError | null) => void;

  private constructor(socket: Socket, options: ConnectOptions) {
    this.socket = socket;
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.onEvent = options.onEvent;
    this.closed = new Promise((resolve) => {
      this.settleClosed = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.end(lost(options.path, error)));
    socket.on('close', () => {
      const cut = this.framer.idle ? '' : ' in the middle of a message';
      this.end(
        new ViciError(
          'disconnected',
          `The daemon closed its VICI socket ${options.path}${cut}: did it stop?`,
        ),
      );
    });
  }

  /** @throws ViciError `disconnected` or `timeout` */
  static connect(options: ConnectOptions): Promise<ViciConnection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path: options.path });
      const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
      const timer = setTimeout(() => {
        socket.destroy();
        reject(
          new ViciError('timeout', `The VICI socket ${options.path} took no connection in ${deadlineMs} ms.`),
        );
      }, deadlineMs);
      const failed = (error: Error): void => {
        clearTimeout(timer);
        reject(lost(options.path, error));
      };
      socket.once('error', failed);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', failed);
        resolve(new ViciConnection(socket, options));
      });
    });
  }

  /**
   * Sends a command and returns its answer, whatever `success` in it says.
   * @throws ViciError `unknown`, `timeout`, `malformed`, `disconnected` or `invalid`
   */
  request(command: string, message: ViciInput = {}, options: RequestOptions = {}): Promise<ViciSection> {
    // Encoded at once: the caller may change or wipe what it passed as soon as this returns.
    const frame = tryEncode(PACKET.CMD_REQUEST, command, message);
    if (frame instanceof ViciError) return Promise.reject(frame);
    return this.inTurn(() => this.command(command, frame, options));
  }

  /** Registers for an event, which then reaches onEvent. */
  register(event: string): Promise<void> {
    return this.inTurn(() => this.registration(PACKET.EVENT_REGISTER, event));
  }

  unregister(event: string): Promise<void> {
    return this.inTurn(() => this.registration(PACKET.EVENT_UNREGISTER, event));
  }

  /**
   * Sends a command whose answer is preceded by events, and yields those; the generator returns the answer.
   * Other exchanges wait until it has ended. Leaving the loop early is fine: what still comes is read and
   * dropped, without holding up the caller.
   */
  async *stream(
    command: string,
    event: string,
    message: ViciInput = {},
    options: RequestOptions = {},
  ): AsyncGenerator<ViciSection, ViciSection, undefined> {
    const frame = tryEncode(PACKET.CMD_REQUEST, command, message);
    if (frame instanceof ViciError) throw frame;

    const backlog: ViciSection[] = [];
    let wake: () => void = () => {};
    let abandoned = false;
    const onEvent = (streamed: ViciSection): void => {
      if (abandoned) return;
      backlog.push(streamed);
      if (backlog.length >= STREAM_BACKLOG) this.pause();
      wake();
    };
    let outcome: { answer: ViciSection } | { error: unknown } | null = null;
    const settled = this.inTurn(async () => {
      await this.registration(PACKET.EVENT_REGISTER, event);
      const answer = await this.command(command, frame, options, { event, onEvent });
      await this.registration(PACKET.EVENT_UNREGISTER, event);
      return answer;
    })
      .then(
        (answer) => {
          outcome = { answer };
        },
        (error: unknown) => {
          outcome = { error };
        },
      )
      .finally(() => wake());

    try {
      for (;;) {
        const next = backlog.shift();
        if (next !== undefined) {
          if (backlog.length === 0) this.resume();
          yield next;
          continue;
        }
        // A cast, because only callbacks assign it and control flow analysis does not see those.
        const done = outcome as { answer: ViciSection } | { error: unknown } | null;
        if (done !== null) {
          if ('error' in done) throw done.error;
          return done.answer;
        }
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([woken, settled]);
      }
    } finally {
      abandoned = true;
      backlog.length = 0;
      this.resume();
    }
  }

  /** Closes without waiting; what is under way fails with `disconnected`. */
  close(): void {
    this.end(null);
  }

  private inTurn<T>(exchange: () => Promise<T>): Promise<T> {
    const result = this.tail.then(exchange);
    // The next in the queue runs whether this one succeeded or not; its caller gets the rejection.
    this.tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  private command(
    command: string,
    frame: Buffer,
    options: RequestOptions,
    stream?: { event: string; onEvent: (message: ViciSection) => void },
  ): Promise<ViciSection> {
    return new Promise((resolve, reject) => {
      this.start(frame, {
        what: `the command ${command}`,
        deadlineMs: options.deadlineMs ?? this.deadlineMs,
        take: (packet) => {
          if (packet.type === PACKET.EVENT && packet.name === stream?.event) {
            this.arm();
            stream.onEvent(packet.message);
          } else if (packet.type === PACKET.CMD_RESPONSE) {
            this.finish();
            resolve(packet.message);
          } else if (packet.type === PACKET.CMD_UNKNOWN) {
            this.finish();
            reject(
              new ViciError(
                'unknown',
                `The daemon does not know the command ${command}: its version is too old.`,
              ),
            );
          } else return false;
          return true;
        },
        fail: reject,
      });
    });
  }

  private registration(type: ClientPacketType, event: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const frame = tryEncode(type, event);
      if (frame instanceof ViciError) {
        reject(frame);
        return;
      }
      this.start(frame, {
        what: `the registration for ${event}`,
        deadlineMs: this.deadlineMs,
        take: (packet) => {
          if (packet.type === PACKET.EVENT_CONFIRM) {
            this.finish();
            resolve();
          } else if (packet.type === PACKET.EVENT_UNKNOWN) {
            this.finish();
            reject(new ViciError('unknown', `The daemon does not know the event ${event}.`));
          } else return false;
          return true;
        },
        fail: reject,
      });
    });
  }

  private start(frame: Buffer, exchange: Exchange): void {
    if (this.ended !== null) {
      frame.fill(0);
      exchange.fail(this.ended);
      return;
    }
    this.current = exchange;
    this.arm();
    // Commands can carry secrets: nothing of them stays in memory once the kernel has them.
    this.socket.write(frame, () => frame.fill(0));
  }

  private finish(): void {
    this.current = null;
    this.disarm();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const segment of this.framer.push(chunk)) {
        this.dispatch(decodePacket(segment));
        if (this.ended !== null) return;
      }
    } catch (error) {
      if (!(error instanceof ViciError)) throw error;
      this.end(error);
    }
  }

  private dispatch(packet: ServerPacket): void {
    if (this.current?.take(packet)) return;
    if (packet.type === PACKET.EVENT) {
      this.onEvent?.(packet.name, packet.message);
      return;
    }
    throw new ViciError(
      'malformed',
      `The daemon sent a packet of type ${packet.type} that ${this.current?.what ?? 'nothing'} asked for.`,
    );
  }

  private arm(): void {
    this.disarm();
    const exchange = this.current;
    if (exchange === null || this.socket.isPaused()) return;
    this.timer = setTimeout(() => {
      this.end(
        new ViciError(
          'timeout',
          `The daemon did not answer ${exchange.what} within ${exchange.deadlineMs} ms.`,
        ),
      );
    }, exchange.deadlineMs);
  }

  private disarm(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** While a stream's reader is behind, the daemon waits, and no deadline runs against it. */
  private pause(): void {
    this.socket.pause();
    this.disarm();
  }

  private resume(): void {
    if (!this.socket.isPaused() || this.ended !== null) return;
    this.socket.resume();
    this.arm();
  }

  private end(reason: ViciError | null): void {
    if (this.ended !== null) return;
    this.ended = reason ?? new ViciError('disconnected', 'The VICI connection has been closed.');
    this.disarm();
    const exchange = this.current;
    this.current = null;
    this.socket.destroy();
    exchange?.fail(this.ended);
    this.settleClosed(reason);
  }
}

function tryEncode(type: ClientPacketType, name: string, message?: ViciInput): Buffer | ViciError {
  try {
    return encodePacket(type, name, message);
  } catch (error) {
    if (error instanceof ViciError) return error;
    throw error;
  }
}

function lost(path: string, error: Error): ViciError {
  return new ViciError(
    'disconnected',
    `The VICI socket ${path} cannot be used: ${error.message}. Does charon run?`,
    {
      cause: error,
    },
  );
}
