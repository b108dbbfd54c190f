// A Telnet connection as a stream of what is typed and what is shown.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { SMALLEST, sizeOf } from '../login/shell.js';
import type { ScreenSize } from '../shell/terminal-session.js';
import {
  ABORT,
  AO,
  AYT,
  BINARY,
  BRK,
  EC,
  ECHO,
  EL,
  EOF,
  IP,
  NAWS,
  SUPPRESS_GO_AHEAD,
  TERMINAL_TYPE,
  TERMINAL_TYPE_IS,
  TERMINAL_TYPE_SEND,
  type Verb,
} from './codes.js';
import { negotiation, subnegotiation, TelnetEncoder } from './encode.js';
import { TelnetParser } from './parser.js';
import { Options } from './q-method.js';

/** Octets that wait for a client which asks, but does not read the answers. */
const UNREAD_MAX = 64 * 1024;

/** Keys that commands stand for: the terminal knows what they do. */
const KEYS = new Map<number, number>([
  [IP, 0x03],
  [BRK, 0x03],
  // What is to be left out of the output is the rest of what a command says.
  [AO, 0x03],
  [ABORT, 0x03],
  [EOF, 0x04],
  [EL, 0x15],
  [EC, 0x7f],
]);

export interface TelnetChannelEvents {
  /** The client knows options: it is no mere stream of octets. */
  negotiated(): void;
  /** Its screen has another size. */
  resize(size: ScreenSize): void;
  /** What comes is not Telnet: the connection is to be closed. */
  nonsense(reason: string): void;
}

/**
 * Reading gives octets of keys; writing takes text with CR LF. Ends and errors are those of the socket, which is
 * destroyed with it.
 */
export class TelnetChannel extends Duplex {
  readonly #options = new Options(
    [ECHO, SUPPRESS_GO_AHEAD, BINARY],
    [SUPPRESS_GO_AHEAD, NAWS, TERMINAL_TYPE, BINARY],
  );
  readonly #encoder = new TelnetEncoder();
  #size: ScreenSize = SMALLEST;
  #terminalType = '';
  #knowsOptions = false;

  constructor(
    private readonly socket: Socket,
    private readonly events: TelnetChannelEvents,
  ) {
    super();
    const parser = new TelnetParser(
      {
        data: (octets) => {
          if (!this.push(octets)) socket.pause();
        },
        command: (code) => this.#command(code),
        negotiation: (verb, option) => this.#negotiated(verb, option),
        subnegotiation: (option, octets) => this.#subnegotiated(option, octets),
        nonsense: (reason) => events.nonsense(reason),
      },
      () => this.#options.him.has(BINARY),
    );
    socket.on('data', (segment: Buffer) => parser.push(segment));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** The client's screen; 80 by 24 until it says more. */
  get size(): ScreenSize {
    return this.#size;
  }

  /** What the client calls its terminal; '' until it says so. */
  get terminalType(): string {
    return this.#terminalType;
  }

  /** Whether the client knows options, as every Telnet client does. */
  get negotiated(): boolean {
    return this.#knowsOptions;
  }

  /** Whether we show what is typed; otherwise the client does. */
  get echoing(): boolean {
    return this.#options.us.has(ECHO);
  }

  /** Asks for what an interactive session needs: every key at once, shown by us; the screen's size and kind. */
  negotiate(): void {
    const { us, him } = this.#options;
    for (const option of [ECHO, SUPPRESS_GO_AHEAD]) this.#say(us.want(option), option);
    for (const option of [SUPPRESS_GO_AHEAD, NAWS, TERMINAL_TYPE]) this.#say(him.want(option), option);
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(this.#encoder.data(chunk, this.#options.us.has(BINARY)), done);
  }

  override _final(done: () => void): void {
    // A client that does not close its half is not waited for.
    this.socket.destroySoon();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  #command(code: number): void {
    const key = KEYS.get(code);
    if (key !== undefined) this.push(Buffer.of(key));
    // RFC 854 asks for something visible.
    if (code === AYT) this.#answer(Buffer.from('\r\n[yes]\r\n'));
  }

  #negotiated(verb: Verb, option: number): void {
    this.#knowsOptions = true;
    this.events.negotiated();
    const had = this.#options.him.has(TERMINAL_TYPE);
    this.#say(this.#options.heard(verb, option), option);
    if (!had && this.#options.him.has(TERMINAL_TYPE))
      this.#answer(subnegotiation(TERMINAL_TYPE, [TERMINAL_TYPE_SEND]));
  }

  #subnegotiated(option: number, octets: Buffer): void {
    if (option === NAWS && octets.length === 4 && this.#options.him.has(NAWS)) {
      this.#size = sizeOf(octets.readUInt16BE(0), octets.readUInt16BE(2));
      this.events.resize(this.#size);
    }
    if (option === TERMINAL_TYPE && octets[0] === TERMINAL_TYPE_IS)
      this.#terminalType = octets.toString('latin1', 1).replaceAll(/[^\x21-\x7e]/g, '');
  }

  #say(verb: Verb | null, option: number): void {
    if (verb !== null) this.#answer(negotiation(verb, option));
  }

  /** Answers at once; a client that asks thousands of times without reading is not served for ever. */
  #answer(octets: Buffer): void {
    if (this.socket.writableLength > UNREAD_MAX) this.events.nonsense('answers that it does not read');
    else this.#send(octets, () => undefined);
  }

  #send(octets: Buffer, done: (error?: Error | null) => void): void {
    if (this.socket.writable) this.socket.write(octets, done);
    else done();
  }
}
