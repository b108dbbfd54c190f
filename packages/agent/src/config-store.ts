// The last configuration that was valid, with its revision: what the agent goes on with after a restart.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DeviceConfig, deviceConfigSchema } from '@sluice/shared';
import { z } from 'zod';
import { canonical } from './diff.js';
import { readStored } from './stored.js';
import { writeDurably } from './write-durably.js';

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
   * on disk when this returns. Errors: those of readStored(); errno of writing it.
   */
  async commit(config: DeviceConfig): Promise<Committed> {
    const stored = await this.#read();
    const next = { revision: following(stored, config), config };
    if (stored?.revision !== next.revision) await this.#write(next);
    return next;
  }

  /** The revision that commit() would give. */
  async revisionOf(config: DeviceConfig): Promise<number> {
    return following(await this.#read(), config);
  }

  #read(): Promise<{ revision: number; config: unknown } | null> {
    return readStored(this.#file, fileSchema, 'a committed configuration, with the last revision');
  }

  async #write(committed: Committed): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeDurably(this.#file, JSON.stringify(committed), 0o600);
  }
}

function following(stored: { revision: number; config: unknown } | null, config: DeviceConfig): number {
  if (stored === null) return 1;
  return canonical(stored.config) === canonical(config) ? stored.revision : stored.revision + 1;
}
