import { setTimeout as delay } from 'node:timers/promises';

const STEP_MS = 40;

/** Resolves with the first value that is neither undefined nor false; rejects, saying what was waited for, at the deadline. */
export async function until<T>(
  what: string | (() => string),
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) {
      throw new Error(`not within ${deadlineMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await delay(STEP_MS);
  }
}
