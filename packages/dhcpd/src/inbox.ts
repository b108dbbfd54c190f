// Messages of one turn of the event loop: those of clients that have an address or an offer first.
//
// When more come than can be answered, whoever has come half way is helped before others begin: otherwise each waits until it
// asks anew, and nobody gets an address. A client whose DISCOVER is left out sends another within seconds.
import type { Arrival } from './engine/arrival.js';
import { DISCOVER, OPTION_MESSAGE_TYPE } from './wire/codes.js';
import { AT_OPTIONS, type Message } from './wire/message.js';

/** DISCOVERs that are answered in one turn: what takes some 5 ms. */
export const DISCOVERS_MAX = 64;

type Handle = (message: Message, arrival: Arrival) => void;

export class Inbox {
  #first: [Message, Arrival][] = [];
  #later: [Message, Arrival][] = [];

  constructor(
    private readonly handle: Handle,
    private readonly leaveOut: () => void,
  ) {}

  /** Whether a message would be left out, as far as its first option says, where clients have the type: not worth reading. */
  refuses(payload: Buffer, length = payload.length): boolean {
    return (
      length > AT_OPTIONS + 2 &&
      this.#later.length >= DISCOVERS_MAX &&
      payload[AT_OPTIONS] === OPTION_MESSAGE_TYPE &&
      payload[AT_OPTIONS + 2] === DISCOVER
    );
  }

  add(message: Message, arrival: Arrival): void {
    if (this.#first.length === 0 && this.#later.length === 0) setImmediate(() => this.#run());
    const discovers = message.options.get(OPTION_MESSAGE_TYPE)?.[0] === DISCOVER;
    (discovers ? this.#later : this.#first).push([message, arrival]);
  }

  #run(): void {
    const first = this.#first;
    const later = this.#later;
    this.#first = [];
    this.#later = [];
    for (const [message, arrival] of first) this.handle(message, arrival);
    later.forEach(([message, arrival], i) => {
      if (i < DISCOVERS_MAX) this.handle(message, arrival);
      else this.leaveOut();
    });
  }
}
