import { fileURLToPath } from 'node:url';

/** The root of the clone, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

/** Path of a side's program in TypeScript: src/sides/NAME.ts. */
export function sideProgram(name: string): string {
  return fileURLToPath(new URL(`../sides/${name}.js`, import.meta.url));
}
