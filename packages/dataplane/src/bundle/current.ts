// Whether there is a bundle of the code as it is compiled now.
//
// The bundle (build.ts) is the process and each of its threads as one file, because loading hundreds of modules is most
// of what a start takes. It is used only when it was made of the very files that would be loaded without it: after the
// compiler alone has run, the process loads what the compiler wrote.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Where the bundle is: dist/bundle of the package. Compiled, this file is dist/src/bundle/current.js. */
export const BUNDLE = new URL('../../bundle/', import.meta.url);

/** A file that went into the bundle, as it was then. */
export interface BundleInput {
  /** From the bundle's folder. */
  path: string;
  bytes: number;
  /** Its time of change: while that and the size are the same, the file is not read. */
  mtimeMs: number;
  sha256: string;
}

/** The list of inputs, in the bundle's folder: written last. */
export const INPUTS = 'inputs.json';

/** The bundle's folder, ending in "/"; null when there is none of the code as it is. */
export function currentBundle(bundle: URL = BUNDLE): URL | null {
  const list = contentOf(new URL(INPUTS, bundle));
  if (list === null) return null;
  const inputs = JSON.parse(list.toString()) as BundleInput[];
  return inputs.every((input) => isUnchanged(input, bundle)) ? bundle : null;
}

export function describeInput(file: URL, path: string): BundleInput {
  const content = readFileSync(file);
  return { path, bytes: content.length, mtimeMs: statSync(file).mtimeMs, sha256: digestOf(content) };
}

function isUnchanged({ path, bytes, mtimeMs, sha256 }: BundleInput, bundle: URL): boolean {
  const file = new URL(path, bundle);
  const now = statSync(file, { throwIfNoEntry: false });
  if (now === undefined || now.size !== bytes) return false;
  if (now.mtimeMs === mtimeMs) return true;
  // A build that is taken from a cache, and a copy, have times of their own.
  const content = contentOf(file);
  return content !== null && digestOf(content) === sha256;
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function contentOf(file: URL): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
