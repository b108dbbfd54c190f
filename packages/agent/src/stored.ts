// What the agent keeps in its state directory, read back.
import { readFile } from 'node:fs/promises';
import { codeOf, SluiceError } from '@sluice/shared';
import type { z } from 'zod';

/**
 * The JSON file at a path; null when there is none.
 * Errors: SluiceError `state` when it is not what the schema says; errno of reading.
 *
 * @param what Of which the file should hold one, for the sentence: 'a revision'.
 */
export async function readStored<S extends z.ZodType>(
  path: string,
  schema: S,
  what: string,
): Promise<z.output<S> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const read = schema.safeParse(parsed(text));
  if (read.success) return read.data;
  throw new SluiceError('state', `${path} does not hold ${what}: remove it`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then refuses it
  }
}
