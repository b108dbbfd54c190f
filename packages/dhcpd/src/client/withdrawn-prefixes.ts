// Prefixes that were delegated and are not any more: hosts are told so for as long as they may have addresses of them.
//
// RFC 9096 section 3.5: a router that finds its prefix changed tells hosts of the old one with lifetimes of zero. What was
// delegated last is kept in a file, because the change may come while this process is not there.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf, delegatedPrefixSchema } from '@sluice/shared';
import { z } from 'zod';

/** RFC 9096 section 3.4: no host is told longer lifetimes of a delegated prefix. */
export const TOLD_VALID_S = 5_400;
export const TOLD_PREFERRED_S = 2_700;
const KEPT_MAX = 8;

const withdrawnSchema = z.array(z.object({ prefix: z.string(), until_ms: z.number() }));
const fileSchema = z.object({ now: delegatedPrefixSchema.nullable(), withdrawn: withdrawnSchema });

export type Withdrawn = z.output<typeof withdrawnSchema>;
type Kept = z.output<typeof fileSchema>;

export class WithdrawnPrefixes {
  #kept: Kept;

  constructor(private readonly path: string) {
    this.#kept = read(path);
  }

  /** Takes down what is delegated now; returns what is to be told as withdrawn. Errors: those of the file system. */
  follow(now: Kept['now'], nowMs: number): Withdrawn {
    const before = this.#kept.now;
    const gone =
      before === null || before.prefix === now?.prefix || before.valid_until_ms <= nowMs
        ? []
        : [
            {
              prefix: before.prefix,
              until_ms: Math.min(before.valid_until_ms, nowMs + TOLD_VALID_S * 1000),
            },
          ];
    const withdrawn = [...gone, ...this.#kept.withdrawn]
      .filter(({ prefix, until_ms: until }) => prefix !== now?.prefix && until > nowMs)
      .slice(0, KEPT_MAX);
    const kept = { now, withdrawn };
    if (JSON.stringify(kept) !== JSON.stringify(this.#kept)) {
      writeFileSync(`${this.path}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${this.path}.new`, this.path);
    }
    this.#kept = kept;
    return withdrawn;
  }

  forget(): void {
    this.#kept = { now: null, withdrawn: [] };
    rmSync(this.path, { force: true });
  }
}

/** Nothing, of a file that is not there or that somebody else has written. */
function read(path: string): Kept {
  const nothing: Kept = { now: null, withdrawn: [] };
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : nothing;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return nothing;
    throw error;
  }
}
