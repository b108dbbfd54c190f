// Connections that have not logged in yet: how many there may be, for how long, and which one makes room.
//
// A login has steps, and each step has room of its own, so that a thousand connections which never come beyond the
// first take nothing from those that do. Who comes last into a full step pushes out who has been there longest: those
// who really log in are through in a second, those who wait for nothing are there until then.
//
//   silent ──▶ greeted ──▶ proving ──▶ (logged in)
//
// There is no way back, and each may be left out.
import type { Socket } from 'node:net';
import type { Logger } from '@sluice/shared';
import { sourceOf } from './guess-limit.js';

/** silent: nothing was understood yet; greeted: speaks the protocol; proving: may say who it is. */
export type Step = 'silent' | 'greeted' | 'proving';

/** Why one was closed by us: for its source's limit, its step's, its time, or because it was not understood. */
export type CloseReason = 'source_full' | 'step_full' | 'too_slow' | 'not_understood';

const STEPS: readonly Step[] = ['silent', 'greeted', 'proving'];
/** Connections in one step, and of one source in all of them. Tuning: one of SSH takes some 60 KiB. */
const STEP_MAX = 256;
const SOURCE_MAX = 8;
/** A peer that went without a word is missed after some minutes of this. */
const KEEPALIVE_MS = 60_000;
/** A line of the log for each reason at most so often. */
const LOG_EVERY_MS = 60_000;

export interface LoginTimes {
  /** To say something that is understood, and to log in, since it came. */
  greetMs: number;
  loginMs: number;
}

/** One of them, for the server that it speaks to. */
export interface Stranger {
  /** It has come to a step. */
  reached(step: Step): void;
  /** It is logged in. */
  known(): void;
  /** What it said is not the protocol: closes it. */
  notUnderstood(): void;
}

interface Waiting {
  socket: Socket;
  source: string;
  step: Step;
  timer: NodeJS.Timeout;
}

export class Strangers {
  /** How many were closed, by reason. */
  readonly closed: Record<CloseReason, number> = {
    source_full: 0,
    step_full: 0,
    too_slow: 0,
    not_understood: 0,
  };
  /** In the order of their coming; in a step the first is the one that has been waiting longest. */
  readonly #waiting = new Set<Waiting>();
  readonly #logged = new Map<CloseReason, { atMs: number; closed: number }>();

  /** @param now Milliseconds of a clock that only goes on. */
  constructor(
    private readonly service: string,
    private readonly times: LoginTimes,
    private readonly log: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** A connection that has just come: others may have to go for it. */
  admit(socket: Socket): Stranger {
    const source = sourceOf(socket.remoteAddress ?? '');
    const { greetMs, loginMs } = this.times;
    const timer = setTimeout(() => this.#close(waiting, 'too_slow'), greetMs);
    const waiting: Waiting = { socket, source, step: 'silent', timer };
    this.#makeRoomOf(source);
    this.#makeRoomIn('silent');
    this.#waiting.add(waiting);
    const came = this.now();
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.once('close', () => this.#left(waiting));
    return {
      reached: (step) => {
        if (!this.#waiting.has(waiting) || STEPS.indexOf(step) <= STEPS.indexOf(waiting.step)) return;
        this.#makeRoomIn(step);
        if (waiting.step === 'silent') {
          clearTimeout(waiting.timer);
          const left = Math.max(0, came + loginMs - this.now());
          waiting.timer = setTimeout(() => this.#close(waiting, 'too_slow'), left);
        }
        waiting.step = step;
        // To the end of its new step's order.
        this.#waiting.delete(waiting);
        this.#waiting.add(waiting);
      },
      known: () => this.#forget(waiting),
      notUnderstood: () => this.#close(waiting, 'not_understood'),
    };
  }

  /** Closes all of them, as an end of the server does. */
  clear(): void {
    for (const { socket } of this.#waiting) socket.destroy();
  }

  #makeRoomOf(source: string): void {
    const same = [...this.#waiting].filter((each) => each.source === source);
    if (same.length < SOURCE_MAX) return;
    const least = STEPS.find((step) => same.some((each) => each.step === step));
    const first = same.find(({ step }) => step === least);
    if (first) this.#close(first, 'source_full');
  }

  /** Of the source with most in that step, the one that has been there longest. */
  #makeRoomIn(step: Step): void {
    const there = [...this.#waiting].filter((each) => each.step === step);
    if (there.length < STEP_MAX) return;
    const counts = new Map<string, number>();
    for (const { source } of there) counts.set(source, (counts.get(source) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const first = there.find(({ source }) => counts.get(source) === most);
    if (first) this.#close(first, 'step_full');
  }

  #close(waiting: Waiting, reason: CloseReason): void {
    if (!this.#waiting.has(waiting)) return;
    this.#forget(waiting);
    waiting.socket.destroy();
    this.closed[reason]++;
    this.#say(reason, waiting);
  }

  /** Closed by its peer, or by whoever reads what it says: with something said and nothing understood it was no login. */
  #left(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return;
    this.#forget(waiting);
    if (waiting.step !== 'silent' || waiting.socket.bytesRead === 0) return;
    this.closed.not_understood++;
    this.#say('not_understood', waiting);
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }

  /** Thousands of them must not fill the log: one line a minute, with how many there were. */
  #say(reason: CloseReason, { source, step }: Waiting): void {
    const last = this.#logged.get(reason);
    const atMs = this.now();
    if (last !== undefined && atMs - last.atMs < LOG_EVERY_MS) return;
    const closed = this.closed[reason] - (last?.closed ?? 0);
    this.#logged.set(reason, { atMs, closed: this.closed[reason] });
    this.log.warn(
      { service: this.service, reason, closed, source, step },
      'connections were closed that had not logged in',
    );
  }
}
