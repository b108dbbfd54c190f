// What a Telnet client sends, taken apart: data, commands, negotiations, subnegotiations (RFC 854).
//
// Segments may cut anything anywhere. Of each kind of thing only so much is held.
import { DM, DO, DONT, FIRST_COMMAND, IAC, SB, SE, type Verb, WILL, WONT } from './codes.js';

/** Octets of a subnegotiation that are held: a terminal type has 40 at most (RFC 1091), a window size four. */
const SUBNEGOTIATION_MAX = 64;
/** One that goes on beyond so many is no Telnet. */
const SUBNEGOTIATION_ENDLESS = 4096;

const CR = 13;
const LF = 10;
const NUL = 0;

export interface TelnetEvents {
  /** What was typed: octets as they are for the terminal, CR for the end of a line. */
  data(octets: Buffer): void;
  command(code: number): void;
  negotiation(verb: Verb, option: number): void;
  subnegotiation(option: number, octets: Buffer): void;
  /** What comes is not the protocol. */
  nonsense(reason: string): void;
}

type State = 'data' | 'command' | 'negotiation' | 'option' | 'subnegotiation' | 'subnegotiation-command';

export class TelnetParser {
  #state: State = 'data';
  #verb: Verb = WILL;
  #afterCr = false;
  #option = 0;
  #held: number[] = [];
  #length = 0;

  /** @param binary Whether the client's octets are as they are, ends of lines too (RFC 856). */
  constructor(
    private readonly events: TelnetEvents,
    private readonly binary: () => boolean,
  ) {}

  push(segment: Uint8Array): void {
    const data: number[] = [];
    const flush = (): void => {
      if (data.length > 0) this.events.data(Buffer.from(data.splice(0)));
    };
    for (const octet of segment) {
      if (this.#state === 'data') {
        if (octet === IAC) this.#state = 'command';
        else this.#typed(octet, data);
        continue;
      }
      if (this.#state === 'command') this.#command(octet, data, flush);
      else if (this.#state === 'negotiation') {
        this.#state = 'data';
        flush();
        this.events.negotiation(this.#verb, octet);
      } else {
        this.#subnegotiated(octet, flush);
      }
    }
    flush();
  }

  #typed(octet: number, data: number[]): void {
    // The data mark of a Synch, whose IAC went beside the stream as urgent data; in UTF-8 it leads nothing that is assigned.
    if (octet === DM && !this.binary()) return;
    const afterCr = this.#afterCr;
    this.#afterCr = octet === CR && !this.binary();
    // RFC 854, "The NVT printer and keyboard": CR LF is the end of a line, CR NUL a carriage return. Both are Enter.
    if (afterCr && (octet === LF || octet === NUL)) return;
    data.push(octet);
  }

  #command(octet: number, data: number[], flush: () => void): void {
    this.#state = 'data';
    if (octet === IAC) {
      this.#escaped(data);
    } else if (octet < FIRST_COMMAND) {
      // The IAC of a Synch, whose data mark went beside the stream as urgent data: what follows is data again.
      this.#typed(octet, data);
    } else if (octet === WILL || octet === WONT || octet === DO || octet === DONT) {
      this.#verb = octet;
      this.#state = 'negotiation';
    } else if (octet === SB) {
      this.#state = 'option';
    } else {
      flush();
      this.events.command(octet);
    }
  }

  /**
   * IAC IAC is an octet 255 of data. But it may also be the IAC of a Synch, whose data mark went beside the stream, and
   * that of the next command. UTF-8 has no 255, so this one is left out, and may begin a command.
   */
  #escaped(data: number[]): void {
    this.#state = this.binary() ? 'data' : 'command';
    if (this.binary()) data.push(IAC);
  }

  #subnegotiated(octet: number, flush: () => void): void {
    if (this.#state === 'option') {
      this.#option = octet;
      this.#held = [];
      this.#length = 0;
      this.#state = 'subnegotiation';
      return;
    }
    if (this.#state === 'subnegotiation' && octet === IAC) {
      this.#state = 'subnegotiation-command';
      return;
    }
    if (this.#state === 'subnegotiation-command') {
      this.#state = 'subnegotiation';
      if (octet === SE) {
        this.#state = 'data';
        flush();
        // One that was too long is none that we know.
        if (this.#length <= SUBNEGOTIATION_MAX)
          this.events.subnegotiation(this.#option, Buffer.from(this.#held));
        return;
      }
    }
    if (++this.#length <= SUBNEGOTIATION_MAX) this.#held.push(octet);
    else if (this.#length === SUBNEGOTIATION_ENDLESS) this.events.nonsense('an endless subnegotiation');
  }
}
