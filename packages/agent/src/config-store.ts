// The last configuration that was valid, with its revision: what the agent goes on with after a restart.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, type DeviceConfig, deviceConfigSchema, SluiceError } from '@sluice/shared';
import { z } from 'zod';
import { canonical } from './diff.js';

const fileSchema = z.object({ revision: z.int().min(0), config: z.unknown() });

export interface Committed {
  /** Counts up with every change of content, across restarts. */
  revision: number;
  config: DeviceConfig;
}

export class ConfigStore {
  readonly #file: string;

  /** @param stateDir Directory that outlives the process; made when it does not exist, for its owner only. */
  constructor(stateDir: string) {
    this.#file = `${stateDir}/config.json`;
  }

  /** What was committed last; null when nothing was, or when it is not valid for this version any more. */
  async last(): Promise<Committed | null> {
    const stored = await this.#read();
    const config = deviceConfigSchema.safeParse(stored?.config);
    return stored !== null && config.success ? { revision: stored.revision, config: config.data } : null;
  }

  /**
   * Gives a configuration its revision: that of the last one when the content is the same, else one more, which is
   * on disk when this returns. Errors: SluiceError `state` when the file is not what this wrote; errno of writing it.
   */
  async commit(config: DeviceConfig): Promise<Committed> {
    const stored = await this.#read();
    if (stored !== null && canonical(stored.config) === canonical(config)) {
      return { revision: stored.revision, config };
    }
    const next = { revision: (stored?.revision ?? 0) + 1, config };
    await this.#write(next);
    return next;
  }

  async #read(): Promise<{ revision: number; config: unknown } | null> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    const stored = fileSchema.safeParse(parseJson(text));
    if (stored.success) return { revision: stored.data.revision, config: stored.data.config };
    throw new SluiceError(
      'state',
      `${this.#file} does not hold a committed configuration: remove it, and revisions start again at 1`,
    );
  }

  /** Written beside and renamed, so that a crash leaves the old one or the new one. */
  async #write(committed: Committed): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const handle = await open(`${this.#file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(committed));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${this.#file}.new`, this.#file);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then refuses it
  }
}
