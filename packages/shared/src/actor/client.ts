// The asking end of a contract.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Contract, ReplyOf, RequestInputOf } from './contract.js';
import { ActorError } from './errors.js';
import { Feed } from './feed.js';
import { Lanes } from './lanes.js';
import { socketPath } from './run-dir.js';
import { Subscription, type SubscriptionHandlers } from './subscription.js';
import {
  type Answer,
  answerSchema,
  DEADLINE_LIMIT_MS,
  decode,
  describeProblems,
  encode,
  MESSAGE_LIMIT_BYTES,
  monotonicMs,
  SNAPSHOT_REQUEST,
  snapshotReplySchema,
} from './wire.js';

/** Between polls for a handler that takes long; the server itself holds a poll while nobody else asks. */
const POLL_FIRST_MS = 2;
const POLL_MAX_MS = 250;
/** An answer is fetched at most half as late again as it took. */
const POLL_GROWTH = 1.5;

/** A snapshot that takes longer is asked for again. */
const SNAPSHOT_DEADLINE_MS = 5000;

export interface ConnectOptions {
  runDir: string;
  log: Logger;
}

export interface RequestOptions {
  /** In place of the contract's. At most ten minutes. */
  deadlineMs?: number;
  /** Gives the request up: it is not sent any more, but may have run. */
  signal?: AbortSignal;
}

/** A client of the contract's server in `runDir`, whether or not it runs yet. Ends with close(). */
export function connect<const C extends Contract>(contract: C, options: ConnectOptions): ActorClient<C> {
  return new ActorClient(contract, options);
}

export class ActorClient<C extends Contract = Contract> {
  readonly #contract: C;
  readonly #runDir: string;
  readonly #log: Logger;
  readonly #lanes: Lanes;
  readonly #calls = new Set<AbortController>();
  readonly #prefix = randomBytes(9).toString('base64url');
  #feed: Feed | null = null;
  #count = 0;
  #closed = false;

  constructor(contract: C, options: ConnectOptions) {
    this.#contract = contract;
    this.#runDir = options.runDir;
    this.#log = options.log;
    this.#lanes = new Lanes(socketPath(options.runDir, contract.name, 'req'));
  }

  /**
   * Asks, and resolves with the validated reply. Runs once per server instance; again after its restart, within
   * the deadline. Rejects with ActorError: see ActorErrorCode.
   */
  async request<K extends keyof C['requests'] & string>(
    name: K,
    body: RequestInputOf<C, K>,
    options: RequestOptions = {},
  ): Promise<ReplyOf<C, K>> {
    const spec = this.#contract.requests[name];
    if (!spec)
      throw new ActorError('refused', `${this.#contract.name} has no request "${name}" in its contract`);
    const answer = await this.#ask(name, body, { deadlineMs: spec.deadlineMs, ...options });
    const reply = spec.reply.safeParse(answer.body);
    if (!reply.success)
      throw new ActorError(
        'failed',
        `${this.#contract.name}'s reply to ${name} is not what the contract says: ${describeProblems(reply.error)}`,
      );
    return reply.data as ReplyOf<C, K>;
  }

  /** Follows a topic: its snapshot first, then its events in order; a new snapshot whenever that is broken. */
  subscribe<T extends keyof C['topics'] & string>(
    topic: T,
    handlers: SubscriptionHandlers<C, T>,
  ): Subscription<C, T> {
    const spec = this.#contract.topics[topic];
    if (this.#closed) throw this.#closedError();
    if (!spec)
      throw new ActorError('refused', `${this.#contract.name} has no topic "${topic}" in its contract`);
    this.#feed ??= new Feed(socketPath(this.#runDir, this.#contract.name, 'pub'), this.#log);
    return new Subscription({
      topic,
      spec,
      handlers,
      feed: this.#feed,
      log: this.#log,
      takeSnapshot: async (signal) => {
        const options = { deadlineMs: SNAPSHOT_DEADLINE_MS, signal };
        const answer = await this.#ask(SNAPSHOT_REQUEST, { topic }, options);
        return { instance: answer.instance, ...snapshotReplySchema.parse(answer.body) };
      },
    });
  }

  /** Rejects what is still asked for with `closed`, and ends subscriptions and sockets. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed?.close();
    this.#lanes.close();
    for (const call of this.#calls) call.abort(this.#closedError());
  }

  async #ask(name: string, body: unknown, options: RequestOptions & { deadlineMs: number }) {
    if (this.#closed) throw this.#closedError();
    const { deadlineMs, signal } = options;
    if (!(deadlineMs > 0 && deadlineMs <= DEADLINE_LIMIT_MS))
      throw new ActorError('invalid', `a deadline is more than 0 and at most ${DEADLINE_LIMIT_MS} ms`);
    const call = new AbortController();
    const expire = (): void =>
      call.abort(
        new ActorError(
          'deadline',
          `${this.#contract.name} did not answer ${name} within ${deadlineMs} ms: see whether it runs`,
        ),
      );
    const cancel = (): void => call.abort(new ActorError('closed', `${name} was cancelled by its caller`));
    const timer = setTimeout(expire, deadlineMs);
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    this.#calls.add(call);
    try {
      return await this.#converse(name, body, monotonicMs() + deadlineMs, call.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.#calls.delete(call);
    }
  }

  /** Sends the request, and polls or sends it again until there is an answer or the signal ends it. */
  async #converse(name: string, body: unknown, deadline: number, signal: AbortSignal) {
    const id = `${this.#prefix}${++this.#count}`;
    const request = this.#encode(name, { kind: 'request', id, name, deadline, body });
    const poll = encode({ kind: 'poll', id });
    let message = request;
    let waitMs = POLL_FIRST_MS;
    for (;;) {
      const answer = this.#decode(name, id, await this.#lanes.exchange(message, signal));
      this.#feed?.sawInstance(answer.instance);
      if (answer.kind === 'reply') return { instance: answer.instance, body: answer.body };
      if (answer.kind === 'error') throw new ActorError(answer.code, answer.message, answer.reason);
      message = answer.kind === 'pending' ? poll : request;
      if (answer.kind === 'unknown') continue;
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * POLL_GROWTH, POLL_MAX_MS);
    }
  }

  #encode(name: string, message: object): Buffer {
    let encoded: Buffer;
    try {
      encoded = encode(message);
    } catch (error) {
      // Not its message, which can quote the value.
      const what = error instanceof Error ? error.name : 'error';
      throw new ActorError('invalid', `the request ${name} cannot be written as JSON (${what})`);
    }
    if (encoded.length > MESSAGE_LIMIT_BYTES)
      throw new ActorError(
        'invalid',
        `the request ${name} has ${encoded.length} octets, more than the ${MESSAGE_LIMIT_BYTES} of a message`,
      );
    return encoded;
  }

  #decode(name: string, id: string, message: Buffer): Answer {
    const answer = decode(answerSchema, message);
    if (answer && (answer.id === id || answer.id === null)) return answer;
    throw new ActorError(
      'failed',
      `what ${this.#contract.name} answered to ${name} is not of the wire format: is it of another version?`,
    );
  }

  #closedError(): ActorError {
    return new ActorError('closed', `the connection to ${this.#contract.name} is closed`);
  }
}

/** Rejects with the signal's own reason, where the timer would give an AbortError. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
