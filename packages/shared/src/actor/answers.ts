// What a server remembers of the requests that it took, so that a repeat is answered and not run again.
//
// An entry lives until its caller's deadline: later repeats are refused by the deadline itself, so nothing is
// forgotten while a repeat could still run. Bounds hold by refusing new requests (entries) and by forgetting
// the text of answers (bytes): such a repeat is told so, and is not run again.

/** Requests remembered at once, running or answered. */
export const ENTRIES_LIMIT = 65_536;
/** Requests whose handlers run at once. */
export const RUNNING_LIMIT = 4096;
/** Text of remembered answers: room for a few of the longest. */
const ANSWER_BYTES_LIMIT = 128 * 1024 * 1024;

export type Entry =
  | { state: 'running'; readonly deadline: number }
  | { state: 'answered'; readonly deadline: number; message: Buffer; sent: boolean }
  /** Answered, and the answer given up for want of room. */
  | { state: 'forgotten'; readonly deadline: number };

export class Answers {
  readonly #entries = new Map<string, Entry>();
  readonly #bytesLimit: number;
  #bytes = 0;
  #running = 0;

  constructor(bytesLimit = ANSWER_BYTES_LIMIT) {
    this.#bytesLimit = bytesLimit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** False when there is no room for another request. */
  begin(id: string, deadline: number): boolean {
    if (this.#entries.size >= ENTRIES_LIMIT || this.#running >= RUNNING_LIMIT) return false;
    this.#entries.set(id, { state: 'running', deadline });
    this.#running++;
    return true;
  }

  finish(id: string, message: Buffer): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== 'running') return;
    this.#running--;
    this.#entries.set(id, { state: 'answered', deadline: entry.deadline, message, sent: false });
    this.#bytes += message.length;
    if (this.#bytes > this.#bytesLimit) {
      this.#forgetText(id, true);
      this.#forgetText(id, false);
    }
  }

  /** Drops what no caller can ask for any more. Running requests stay: they end by themselves. */
  expire(now: number): void {
    for (const [id, entry] of this.#entries) {
      if (entry.deadline > now || entry.state === 'running') continue;
      if (entry.state === 'answered') this.#bytes -= entry.message.length;
      this.#entries.delete(id);
    }
  }

  /** Oldest first; those already sent once before those that never were; never the newest. */
  #forgetText(newest: string, sentOnly: boolean): void {
    for (const [id, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesLimit) return;
      if (id === newest || entry.state !== 'answered' || (sentOnly && !entry.sent)) continue;
      this.#bytes -= entry.message.length;
      this.#entries.set(id, { state: 'forgotten', deadline: entry.deadline });
    }
  }
}
