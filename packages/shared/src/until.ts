// until: wait for a condition, with a deadline, and say what it last was when it never came true.
import { inspect } from 'node:util';
import { messageOf, SluiceError } from './actor/errors.js';

export interface UntilOptions {
  /** Milliseconds to wait in all; 30,000 unless told. */
  deadlineMs?: number;
  /** Milliseconds between two looks; 20 unless told. */
  intervalMs?: number;
  /** Ends the wait early, with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Looks at `condition` until it gives a truthy value, and returns that value. A condition that throws counts as not
 * yet true. At the deadline it throws SluiceError `deadline`: a sentence with `what` (a function is asked then) and the
 * condition's last value, or its last error, which is the cause too.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { deadlineMs = 30_000, intervalMs = 20, signal } = options;
  const started = performance.now();
  let last: { value: T } | { error: unknown } | undefined;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      last = { value };
    } catch (error) {
      last = { error };
    }
    const waited = performance.now() - started;
    if (waited >= deadlineMs) throw deadlineError(typeof what === 'string' ? what : what(), waited, last);
    await pause(Math.min(intervalMs, deadlineMs - waited), signal);
  }
}

function deadlineError(
  what: string,
  waitedMs: number,
  last: { value: unknown } | { error: unknown },
): SluiceError {
  const state =
    'error' in last
      ? `last error: ${messageOf(last.error)}`
      : `last state: ${inspect(last.value, { depth: 4, breakLength: 120 })}`;
  const options = 'error' in last ? { cause: last.error } : undefined;
  return new SluiceError(
    'deadline',
    `waited ${(waitedMs / 1000).toFixed(1)} s for this: ${what}; ${state}`,
    options,
  );
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, signal?.aborted ? 0 : ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
