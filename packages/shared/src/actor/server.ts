// The answering end of a contract: one REP socket for its requests, one PUB socket for its topics.
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { Answers } from './answers.js';
import type { Contract } from './contract.js';
import { messageOf, SluiceError } from './errors.js';
import { NanomsgSocket } from './nanomsg.js';
import { Publisher } from './publisher.js';
import { type Handler, type Handlers, type Route, type Snapshots, snapshotRoute } from './route.js';
import {
  claimName,
  inodeOf,
  prepareRunDir,
  replaceSocket,
  socketPath,
  sweepTemporarySockets,
  temporarySocketPath,
} from './run-dir.js';
import {
  type Ask,
  askSchema,
  DEADLINE_LIMIT_MS,
  decode,
  describeProblems,
  encode,
  MESSAGE_LIMIT_BYTES,
  monotonicMs,
  SNAPSHOT_REQUEST,
  type WireError,
  wireError,
} from './wire.js';

/** How long a caller is kept waiting for a slow handler while nobody else asks; then it polls. */
const HOLD_MS = 500;
/** Messages taken in one turn of the event loop that need no handler. */
const TURN_LIMIT = 64;
const EXPIRE_EVERY_MS = 1000;
/** How long close() waits for handlers that run, after it has aborted their signals. */
const CLOSE_GRACE_MS = 1000;

export interface ServeOptions<C extends Contract> {
  runDir: string;
  log: Logger;
  handlers: Handlers<C>;
  snapshots: Snapshots<C>;
}

export interface ServerCounters {
  /** Handlers started. */
  requests: number;
  /** Repeats of a request that was already taken, polls included. */
  repeats: number;
  /** Messages that are not of the wire format. */
  malformed: number;
  /** Requests that do not validate. */
  invalid: number;
  /** Unknown requests, and those turned away for want of room. */
  refused: number;
  /** Requests that came after their deadline, or failed after it. */
  late: number;
  failed: number;
}

/**
 * Answers the contract's requests in `runDir`, which is made if need be.
 * Errors: SluiceError `already-running`, `run-dir`, `path-too-long`, `nanomsg`.
 */
export async function serve<const C extends Contract>(
  contract: C,
  options: ServeOptions<C>,
): Promise<ActorServer<C>> {
  const { runDir, log } = options;
  prepareRunDir(runDir);
  await sweepTemporarySockets(runDir);
  const instance = randomUUID();
  const temporary = temporarySocketPath(runDir);
  const temporaryPub = temporarySocketPath(runDir);
  const socket = new NanomsgSocket('rep', { receiveLimitBytes: MESSAGE_LIMIT_BYTES });
  let publisher: Publisher | null = null;
  try {
    socket.bind(temporary);
    publisher = new Publisher(temporaryPub, instance, contract.topics, log);
    await claimName(runDir, contract.name, temporary);
    replaceSocket(temporaryPub, socketPath(runDir, contract.name, 'pub'));
  } catch (error) {
    publisher?.close();
    socket.close();
    for (const path of [temporary, temporaryPub]) rmSync(path, { force: true });
    throw error;
  }
  return new ActorServer(contract, options, socket, publisher, instance);
}

export class ActorServer<C extends Contract = Contract> {
  /** New at every start. */
  readonly instance: string;
  readonly counters: ServerCounters = {
    requests: 0,
    repeats: 0,
    malformed: 0,
    invalid: 0,
    refused: 0,
    late: 0,
    failed: 0,
  };
  readonly #name: string;
  readonly #log: Logger;
  readonly #socket: NanomsgSocket;
  readonly #publisher: Publisher;
  readonly #routes = new Map<string, Route>();
  readonly #answers = new Answers();
  readonly #running = new Map<Promise<void>, AbortController>();
  readonly #expire: NodeJS.Timeout;
  readonly #paths: { path: string; inode: number | null }[];
  /** The request that the REP socket took last and has not answered: nanomsg answers only that one. */
  #held: { id: string; timer: NodeJS.Timeout } | null = null;
  #closed = false;

  constructor(
    contract: C,
    options: ServeOptions<C>,
    socket: NanomsgSocket,
    publisher: Publisher,
    instance: string,
  ) {
    this.#name = contract.name;
    this.#log = options.log;
    this.#socket = socket;
    this.#publisher = publisher;
    this.instance = instance;
    this.#paths = (['req', 'pub'] as const).map((suffix) => {
      const path = socketPath(options.runDir, contract.name, suffix);
      return { path, inode: inodeOf(path) };
    });
    for (const [name, spec] of Object.entries(contract.requests)) {
      // The contract's types tie handler and schemas together; by name they are found as their widest types.
      this.#routes.set(name, { ...spec, handler: options.handlers[name] as unknown as Handler });
    }
    const sequenceOf = (topic: string): number => publisher.sequenceOf(topic);
    this.#routes.set(SNAPSHOT_REQUEST, snapshotRoute(contract, options.snapshots, sequenceOf));
    this.#expire = setInterval(() => this.#answers.expire(monotonicMs()), EXPIRE_EVERY_MS);
    this.#expire.unref();
    socket.onReadable(() => this.#receive());
    publisher.heartbeat();
  }

  /** Sends an event to whoever is subscribed. Never throws: see Publisher.publish. */
  publish<T extends keyof C['topics'] & string>(topic: T, event: z.input<C['topics'][T]['event']>): void {
    if (!this.#closed) this.#publisher.publish(topic, event);
  }

  /** Aborts what runs, closes the sockets, and waits for handlers to end, a second at most. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#expire);
    for (const controller of this.#running.values()) controller.abort();
    if (this.#held) {
      const { id } = this.#held;
      this.#answerNow(
        this.#error(id, wireError('refused', `${this.#name} is closing: ask again when it is back`)),
      );
    }
    this.#socket.close();
    this.#publisher.close();
    for (const { path, inode } of this.#paths) {
      // Another process may have taken the name over since.
      if (inode !== null && inodeOf(path) === inode) rmSync(path, { force: true });
    }
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all(this.#running.keys()), grace]);
    clearTimeout(timer);
  }

  #receive(): void {
    for (let taken = 0; taken < TURN_LIMIT && !this.#closed; taken++) {
      // Another caller knocks, and receiving gives up the one that is held: it shall poll instead.
      if (this.#held)
        this.#answerNow(encode({ kind: 'pending', instance: this.instance, id: this.#held.id }));
      const message = this.#socket.receive();
      if (!message) return;
      this.#take(message);
      // A handler that ends without waiting answers before the next turn of the event loop.
      if (this.#held) return;
    }
  }

  /** Answers a message, or holds the socket for its answer. */
  #take(message: Buffer): void {
    const ask = decode(askSchema, message);
    if (!ask) {
      this.counters.malformed++;
      this.#answerNow(
        this.#error(null, wireError('invalid', `not a request of ${this.#name}'s wire format`)),
      );
      return;
    }
    const known = this.#answers.get(ask.id);
    if (known) {
      this.counters.repeats++;
      if (known.state === 'running') this.#hold(ask.id);
      else if (known.state === 'forgotten')
        this.#answerNow(
          this.#error(ask.id, wireError('failed', 'it ran, but its answer was too long to keep: ask again')),
        );
      else {
        known.sent = true;
        this.#answerNow(known.message);
      }
      return;
    }
    if (ask.kind === 'poll') {
      this.#answerNow(encode({ kind: 'unknown', instance: this.instance, id: ask.id }));
      return;
    }
    const refusal = this.#begin(ask);
    if (refusal) this.#answerNow(this.#error(ask.id, refusal));
  }

  /** Starts a request's handler, or says why not. */
  #begin(ask: Ask & { kind: 'request' }): WireError | null {
    const remainingMs = ask.deadline - monotonicMs();
    if (remainingMs <= 0) {
      this.counters.late++;
      return wireError('deadline', `${ask.name} came after its deadline, and was not run`);
    }
    if (remainingMs > DEADLINE_LIMIT_MS) {
      this.counters.invalid++;
      return wireError('invalid', `the deadline of ${ask.name} is more than ${DEADLINE_LIMIT_MS} ms away`);
    }
    const route = this.#routes.get(ask.name);
    if (!route) {
      this.counters.refused++;
      return wireError('refused', `${this.#name} has no request "${ask.name}"`);
    }
    const request = route.request.safeParse(ask.body);
    if (!request.success) {
      this.counters.invalid++;
      return wireError('invalid', `${this.#name} ${ask.name}: ${describeProblems(request.error)}`);
    }
    if (!this.#answers.begin(ask.id, ask.deadline)) {
      this.counters.refused++;
      return wireError('refused', `${this.#name} has too many requests to answer: ask again later`);
    }
    this.counters.requests++;
    this.#hold(ask.id);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Math.ceil(remainingMs));
    const run = this.#run(ask, route, request.data, controller.signal).finally(() => {
      clearTimeout(timer);
      this.#running.delete(run);
    });
    this.#running.set(run, controller);
    return null;
  }

  async #run(
    ask: Ask & { kind: 'request' },
    route: Route,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    let message: Buffer;
    try {
      message = this.#reply(ask, route, await route.handler(body, { id: ask.id, signal }));
    } catch (error) {
      message = this.#failure(ask, error, signal);
    }
    this.#answers.finish(ask.id, message);
    if (this.#held?.id !== ask.id) return;
    const entry = this.#answers.get(ask.id);
    if (entry?.state === 'answered') entry.sent = true;
    this.#answerNow(message);
  }

  #reply(ask: Ask & { kind: 'request' }, route: Route, reply: unknown): Buffer {
    const parsed = route.reply === null ? null : route.reply.safeParse(reply);
    if (parsed && !parsed.success)
      throw new SluiceError(
        'reply-invalid',
        `${this.#name}'s reply to ${ask.name} is not what the contract says: ${describeProblems(parsed.error)}`,
      );
    const body = parsed ? parsed.data : reply;
    const message = encode({ kind: 'reply', instance: this.instance, id: ask.id, body });
    if (message.length > MESSAGE_LIMIT_BYTES)
      throw new SluiceError(
        'reply-too-long',
        `the reply to ${ask.name} has ${message.length} octets, more than ${MESSAGE_LIMIT_BYTES}: ask for less`,
      );
    return message;
  }

  #failure(ask: Ask & { kind: 'request' }, error: unknown, signal: AbortSignal): Buffer {
    if (signal.aborted) {
      this.counters.late++;
      return this.#error(ask.id, wireError('deadline', `${ask.name} was not done by its deadline`));
    }
    this.counters.failed++;
    this.#log.error({ request: ask.name, error: describeFailure(error) }, 'request failed');
    const reason = error instanceof SluiceError ? error.code : null;
    return this.#error(ask.id, wireError('failed', messageOf(error), reason));
  }

  #hold(id: string): void {
    const timer = setTimeout(
      () => this.#answerNow(encode({ kind: 'pending', instance: this.instance, id })),
      HOLD_MS,
    );
    this.#held = { id, timer };
  }

  /** Answers the message that the socket took last. */
  #answerNow(message: Buffer): void {
    if (this.#held) clearTimeout(this.#held.timer);
    this.#held = null;
    this.#socket.send(message);
  }

  #error(id: string | null, error: WireError): Buffer {
    return encode({ kind: 'error', instance: this.instance, id, ...error });
  }
}

/** For the server's own log: with the stack, without whatever else hangs on the error. */
function describeFailure(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
