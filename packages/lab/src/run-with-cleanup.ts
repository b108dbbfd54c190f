// Runs a program that makes labs, so that none is left whatever way it ends.
import { constants } from 'node:os';
import { messageOf } from '@sluice/shared';
import { stopAll } from './registry.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How long a body that was told to end may take to notice. */
const SETTLE_MS = 5000;

/** A signal ended the program, after its labs were stopped. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  /** As shells count: 130 for SIGINT, 143 for SIGTERM. */
  readonly exitCode: number;

  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs `body`, then stops every lab of this process: when it returns or throws, on SIGINT, SIGTERM and SIGHUP, and
 * on an error that nobody caught anywhere. The first of them aborts the body's signal and decides the outcome;
 * later ones change nothing, so that an impatient second Ctrl-C leaves nothing behind.
 * Rejects with InterruptedError on a signal, else with the error.
 */
export async function runWithCleanup<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => abort.abort(new InterruptedError(signal));
  const onError = (error: unknown): void => abort.abort(error);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  try {
    const running = body(abort.signal);
    return await endWithCleanup(running, abort.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
  }
}

async function endWithCleanup<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  let result: T;
  try {
    result = await Promise.race([running, aborted(signal)]);
  } catch (error) {
    await stopAllAfter(error);
    // A body that was interrupted finds its labs stopped and fails; it may have been about to make another one.
    await settled(running);
    await stopAllAfter(error);
    throw error;
  }
  await stopAll();
  signal.throwIfAborted();
  return result;
}

async function stopAllAfter(error: unknown): Promise<void> {
  try {
    await stopAll();
  } catch (leftover) {
    throw new AggregateError([error, leftover], `${messageOf(error)}; and then ${messageOf(leftover)}`);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Resolves when the promise has settled either way (its outcome no longer counts), or after SETTLE_MS. */
function settled(running: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SETTLE_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    running.then(done, done);
  });
}
