// The SPD on disk, so that a restarted bridge knows the policies that charon installed before. Policies
// hold no secret; the file is its owner's alone all the same.
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { trafficSelectorOf } from './selector.js';
import type { XfrmLog } from './sink.js';
import { decodePolicy, encodePolicy, type Policy } from './spd.js';

const fileSchema = z.object({
  version: z.literal(1),
  policies: z.array(
    z.object({
      /** For people who read the file. */
      summary: z.string(),
      /** The payload of XFRM_MSG_NEWPOLICY. */
      payload_hex: z.string().regex(/^([0-9a-f]{2})*$/),
    }),
  ),
});

/** Policies of a thousand tunnels come in a row, and each would have all written: a write is followed by a rest. */
const REST_SHARE = 20;
const REST_MAX_MS = 1000;

const DIRECTIONS = ['in', 'out', 'fwd'];

export class SpdStore {
  readonly #path: string;
  readonly #log: XfrmLog;
  #wanted: (() => Policy[]) | null = null;
  #writing: Promise<void> | null = null;
  /** Ends the rest after a write early. */
  #hurry = new AbortController();

  constructor(path: string, log: XfrmLog) {
    this.#path = path;
    this.#log = log;
  }

  /** An absent file is an empty SPD, and so, with a warning, is one that cannot be understood. */
  async load(): Promise<Policy[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    try {
      const { policies } = fileSchema.parse(JSON.parse(text));
      return policies.map(({ payload_hex }) => decodePolicy(Buffer.from(payload_hex, 'hex')));
    } catch (error) {
      this.#log.warn(
        { path: this.#path, error: (error as Error).message },
        'The file of policies cannot be understood and is ignored; charon installs its policies again with its next CHILD_SAs.',
      );
      return [];
    }
  }

  /** Writes what `policies` returns, soon; many calls in a row end in few writes. */
  save(policies: () => Policy[]): void {
    this.#wanted = policies;
    this.#writing ??= this.#write();
  }

  /** Resolves when everything asked for so far is on disk. */
  async flush(): Promise<void> {
    this.#hurry.abort();
    while (this.#writing !== null) await this.#writing;
    this.#hurry = new AbortController();
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // lets the caller finish what it is changing
    while (this.#wanted !== null) {
      const policies = this.#wanted();
      this.#wanted = null;
      const begun = performance.now();
      const file = {
        version: 1,
        policies: policies.map((policy) => ({
          summary: summaryOf(policy),
          payload_hex: encodePolicy(policy).toString('hex'),
        })),
      };
      const fresh = `${this.#path}.${randomUUID()}`;
      try {
        await writeFile(fresh, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
        await rename(fresh, this.#path);
      } catch (error) {
        await rm(fresh, { force: true });
        this.#log.error(
          { path: this.#path, error: (error as Error).message },
          'Policies could not be written; a restarted bridge will not know them. Check the directory and free space.',
        );
      }
      const restMs = Math.min(REST_MAX_MS, REST_SHARE * (performance.now() - begun));
      await rest(restMs, this.#hurry.signal);
    }
    this.#writing = null;
  }
}

/** Resolves after so many milliseconds, or as soon as the signal says so. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}

function summaryOf(policy: Policy): string {
  const traffic = trafficSelectorOf(policy.info.sel);
  const what = traffic === null ? 'anything' : `${traffic.src} to ${traffic.dst}`;
  return `${DIRECTIONS[policy.info.dir]} ${what}, if_id ${policy.ifId}`;
}
