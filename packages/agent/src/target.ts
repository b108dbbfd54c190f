// One process that is told its part of the configuration, until it says that it has it.
//
//   absent --status--> present --apply--> confirmed --another part, another instance--> present
//   any    --down----> absent
//
// What is compared is what the process itself says, never what was sent to an earlier instance of it.
import { type Logger, messageOf, type ProcessConvergence } from '@sluice/shared';
import { canonical } from './diff.js';

/** What every process says of its part. */
export interface PartStatus {
  instance: string;
  revision: number | null;
  converged: boolean;
  problems: string[];
}

/** A process as the agent needs it; `clients.ts` makes them from the contracts. */
export interface TargetClient<Part> {
  readonly name: string;
  /** Gives the process its part. Rejects when it cannot be told, or refuses. */
  apply(part: Part): Promise<PartStatus>;
  /** Follows its status: every change, and its disappearance. */
  follow(handlers: { onStatus(status: PartStatus): void; onDown(): void }): void;
  close(): Promise<void>;
}

export interface RetryTimes {
  firstMs: number;
  maxMs: number;
}

export class Target<Part extends { revision: number }> {
  readonly #client: TargetClient<Part>;
  readonly #log: Logger;
  readonly #times: RetryTimes;
  readonly #onChange: () => void;
  #desired: Part | null = null;
  #status: PartStatus | null = null;
  #confirmed: { instance: string; content: string } | null = null;
  /** Why the last attempt did not succeed. */
  #failure: string | null = null;
  #reachable = false;
  /** How often it has said by itself how it is. */
  #heard = 0;
  #pushing = false;
  #retry: NodeJS.Timeout | null = null;
  #retryMs: number;
  #closed = false;

  constructor(client: TargetClient<Part>, options: { log: Logger; times: RetryTimes; onChange: () => void }) {
    this.#client = client;
    this.#log = options.log;
    this.#times = options.times;
    this.#retryMs = options.times.firstMs;
    this.#onChange = options.onChange;
    client.follow({
      onStatus: (status) => {
        // Back again, or another instance: what failed before says nothing about it.
        if (!this.#reachable || status.instance !== this.#status?.instance) this.#forgetFailure();
        this.#reachable = true;
        this.#heard++;
        this.#status = status;
        this.#converge();
        this.#onChange();
      },
      onDown: () => {
        this.#reachable = false;
        this.#onChange();
      },
    });
  }

  /** What the process is to have from now on. */
  want(part: Part): void {
    this.#desired = part;
    this.#forgetFailure();
    this.#converge();
    this.#onChange();
  }

  get convergence(): ProcessConvergence {
    const problems = this.#reachable
      ? [...(this.#status?.problems ?? [])]
      : [`${this.#client.name} does not answer`];
    if (this.#failure !== null) problems.push(this.#failure);
    return {
      process: this.#client.name,
      reachable: this.#reachable,
      revision: this.#status?.revision ?? null,
      converged:
        this.#reachable && this.#desired !== null && this.#isTold() && this.#status?.converged === true,
      problems,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#client.close();
  }

  #forgetFailure(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    this.#retryMs = this.#times.firstMs;
    this.#failure = null;
  }

  /** Whether the instance that answers now has confirmed what is desired now. */
  #isTold(): boolean {
    if (this.#desired === null) return true;
    return (
      this.#status?.revision === this.#desired.revision &&
      this.#confirmed?.instance === this.#status.instance &&
      this.#confirmed.content === canonical(this.#desired)
    );
  }

  #converge(): void {
    if (this.#closed || this.#pushing || this.#retry || !this.#reachable || this.#isTold()) return;
    void this.#push();
  }

  async #push(): Promise<void> {
    const part = this.#desired;
    if (part === null) return;
    this.#pushing = true;
    const heard = this.#heard;
    try {
      const status = await this.#client.apply(part);
      this.#confirmed = { instance: status.instance, content: canonical(part) };
      // Answers and events come by ways of their own: what it has said meanwhile may be newer than its answer,
      // and it need not say it again.
      if (this.#heard === heard) this.#status = status;
      this.#failure = null;
      this.#retryMs = this.#times.firstMs;
      this.#log.info({ process: this.#client.name, revision: part.revision }, 'told');
    } catch (error) {
      if (this.#closed) return;
      this.#failure = messageOf(error);
      this.#log.warn(
        { process: this.#client.name, error: this.#failure, again_in_ms: this.#retryMs },
        'not told',
      );
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#converge();
      }, this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, this.#times.maxMs);
    } finally {
      this.#pushing = false;
    }
    this.#converge();
    this.#onChange();
  }
}
