// The reference programs in C, bench/reference/*.c: built for this very machine when they are not, or are old.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { ROOT } from './root.js';

const FOLDER = `${ROOT}/bench/reference`;
const BUILT = `${ROOT}/bench/build`;
const FLAGS = ['-O3', '-march=native', '-std=gnu17', '-Wall', '-Wextra', '-Werror'];

/** Libraries that a program needs besides the C library's. */
const LIBRARIES: Record<string, string[]> = {};

/** The path of a program, built. */
export function reference(name: string): string {
  const source = `${FOLDER}/${name}.c`;
  const program = `${BUILT}/${name}`;
  const newest = Math.max(...[source, `${FOLDER}/rounds.h`].map((file) => statSync(file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  mkdirSync(BUILT, { recursive: true });
  const libraries = (LIBRARIES[name] ?? []).map((library) => `-l${library}`);
  execFileSync('cc', [...FLAGS, '-o', program, source, ...libraries], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}
