// A commit that goes back by itself unless it is confirmed in time: whoever locked himself out cannot confirm.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@sluice/shared';
import { z } from 'zod';
import { readStored } from './stored.js';
import { writeDurably } from './write-durably.js';

const RETRY_MS = 60_000;

const pendingSchema = z.object({
  /** The revision that waits for its confirmation. */
  revision: z.int(),
  /** The text that is in force again when none comes. */
  back_to: z.string(),
  back_to_revision: z.int(),
  /** Unix time in ms, so that it also comes for an agent that was not there. */
  deadline_ms: z.number(),
});

export type Pending = z.output<typeof pendingSchema>;

export class Confirmation {
  readonly #file: string;
  readonly #log: Logger;
  readonly #goBack: (pending: Pending) => Promise<void>;
  #pending: Pending | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param goBack Called when the time is over; the confirmation is settled when it returns, and asked again when it throws. */
  constructor(stateDir: string, log: Logger, goBack: (pending: Pending) => Promise<void>) {
    this.#file = join(stateDir, 'unconfirmed.json');
    this.#log = log;
    this.#goBack = goBack;
  }

  get pending(): Pending | null {
    return this.#pending;
  }

  /** What a former process has left waiting. Errors: those of readStored(). */
  async resume(): Promise<void> {
    const pending = await readStored(this.#file, pendingSchema, 'a commit that waits');
    if (pending !== null) this.#arm(pending);
  }

  /** On disk when this returns; the time runs. */
  async wait(pending: Pending): Promise<void> {
    await writeDurably(this.#file, JSON.stringify(pending), 0o600);
    this.#arm(pending);
  }

  /** It stays as it is. */
  async settle(): Promise<void> {
    this.stop();
    this.#pending = null;
    await rm(this.#file, { force: true });
  }

  /** Ends the timer; what waits stays on disk. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(pending: Pending): void {
    this.stop();
    this.#pending = pending;
    const left = Math.max(0, pending.deadline_ms - Date.now());
    this.#timer = setTimeout(() => {
      this.#log.warn(
        { revision: pending.revision, backTo: pending.back_to_revision },
        'not confirmed in time',
      );
      this.#goBack(pending).catch((error: unknown) => {
        this.#log.error({ err: error }, 'could not go back: tried again in a minute');
        this.#arm({ ...pending, deadline_ms: Date.now() + RETRY_MS });
      });
    }, left);
  }
}
