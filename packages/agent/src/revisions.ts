// The revisions that were in force: each with its text, who made it, when, and why.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type RevisionReport } from '@sluice/shared';
import { z } from 'zod';
import { readStored } from './stored.js';
import { writeDurably } from './write-durably.js';

/** As many as are kept: the oldest goes when there is one more. */
export const REVISIONS_KEPT = 50;

const revisionSchema = z.object({
  revision: z.int().min(1),
  /** ISO 8601, UTC. */
  at: z.string(),
  by: z.string(),
  comment: z.string().nullable(),
  text: z.string(),
});

export type Revision = z.output<typeof revisionSchema>;

export class Revisions {
  readonly #directory: string;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'revisions');
  }

  /** Keeps a revision; on disk when this returns. */
  async add(revision: Revision): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeDurably(this.#file(revision.revision), JSON.stringify(revision), 0o600);
    const numbers = await this.#numbers();
    for (const old of numbers.slice(REVISIONS_KEPT)) await rm(this.#file(old), { force: true });
  }

  /** Newest first, without their texts. */
  async list(): Promise<RevisionReport[]> {
    const found: RevisionReport[] = [];
    for (const number of await this.#numbers()) {
      const kept = await this.get(number);
      if (kept === null) continue;
      const { revision, at, by, comment } = kept;
      found.push({ revision, at, by, comment });
    }
    return found;
  }

  /** Null when it is not kept (any more). Errors: those of readStored(). */
  get(revision: number): Promise<Revision | null> {
    return readStored(this.#file(revision), revisionSchema, 'a revision');
  }

  async #numbers(): Promise<number[]> {
    let names: string[];
    try {
      names = await readdir(this.#directory);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
    const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
    return numbers.sort((a, b) => b - a);
  }

  #file(revision: number): string {
    return join(this.#directory, `${revision}.json`);
  }
}
