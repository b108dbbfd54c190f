// The reference programs in C, bench/reference/*.c: built for this very machine when they are not, or are old.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import process from 'node:process';
import { ROOT } from './root.js';

const FOLDER = `${ROOT}/bench/reference`;
const BUILT = `${ROOT}/bench/build`;
const FLAGS = ['-O3', '-march=native', '-std=gnu17', '-Wall', '-Wextra', '-Werror'];

/** Libraries that a program needs besides the C library's. */
const LIBRARIES: Record<string, string[]> = { esp: ['IPSec_MB'] };

/** The path of a program, built. */
export function reference(name: string): string {
  const program = `${BUILT}/${name}`;
  const headers = readdirSync(FOLDER).filter((file) => file.endsWith('.h'));
  const changed = [`${name}.c`, ...headers].map((file) => statSync(`${FOLDER}/${file}`).mtimeMs);
  if (existsSync(program) && statSync(program).mtimeMs > Math.max(...changed)) return program;
  mkdirSync(BUILT, { recursive: true });
  const libraries = (LIBRARIES[name] ?? []).map((library) => `-l${library}`);
  // Renamed when whole: another run may be about to start it.
  const made = `${program}.${process.pid}`;
  execFileSync('cc', [...FLAGS, '-o', made, `${FOLDER}/${name}.c`, ...libraries], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(made, program);
  return program;
}
