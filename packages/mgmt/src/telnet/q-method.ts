// The state of each option, so that two ends never answer each other for ever (RFC 1143, the Q method).
//
// A side of an option is `no` or `yes`, or `want-yes`: we have asked, and wait for the answer. We ask for an option once
// and never take that back, so there is no `want-no`, and the queue of RFC 1143 section 7 would always be empty.
//
// What must not happen: an answer to what changes nothing. WILL in `yes` and WONT in `no` are never answered.
import { DO, DONT, type Verb, WILL, WONT } from './codes.js';

type State = 'no' | 'yes' | 'want-yes';

/** One side of the options of a connection: what we do (`us`), or what the peer does (`him`). */
class Side {
  readonly #states = new Map<number, State>();

  /**
   * @param ask What asks for an option, and agrees; and what refuses it.
   * @param supported Options that this side may have.
   */
  constructor(
    private readonly ask: Verb,
    private readonly refuse: Verb,
    private readonly supported: ReadonlySet<number>,
  ) {}

  has(option: number): boolean {
    return this.#states.get(option) === 'yes';
  }

  /** Asks for it; what is to be said, or null when it has been asked for. */
  want(option: number): Verb | null {
    if ((this.#states.get(option) ?? 'no') !== 'no') return null;
    this.#states.set(option, 'want-yes');
    return this.ask;
  }

  /** The peer wants it, or agrees; what is to be answered, or null. */
  wanted(option: number): Verb | null {
    const state = this.#states.get(option) ?? 'no';
    if (state === 'yes') return null;
    if (!this.supported.has(option)) return this.refuse;
    this.#states.set(option, 'yes');
    return state === 'no' ? this.ask : null;
  }

  /** The peer does not want it, or refuses; what is to be answered, or null. */
  unwanted(option: number): Verb | null {
    const state = this.#states.get(option) ?? 'no';
    if (state === 'no') return null;
    this.#states.set(option, 'no');
    return state === 'yes' ? this.refuse : null;
  }
}

export class Options {
  readonly us: Side;
  readonly him: Side;

  constructor(ours: readonly number[], his: readonly number[]) {
    this.us = new Side(WILL, WONT, new Set(ours));
    this.him = new Side(DO, DONT, new Set(his));
  }

  /** What the peer said of an option; what is to be answered, or null. */
  heard(verb: Verb, option: number): Verb | null {
    if (verb === DO) return this.us.wanted(option);
    if (verb === DONT) return this.us.unwanted(option);
    if (verb === WILL) return this.him.wanted(option);
    return this.him.unwanted(option);
  }
}
