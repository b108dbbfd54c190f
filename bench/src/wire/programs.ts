// The programs in C of the benchmarks on wires, bench/generator/*.c: built when they are not, or are old.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { ROOT } from '../run/root.js';

const FOLDER = `${ROOT}/bench/generator`;
const BUILT = `${ROOT}/bench/build`;
const FLAGS = ['-O2', '-std=gnu17', '-Wall', '-Wextra', '-Werror'];

/** What each is made of. */
const SOURCES = {
  generate: ['generate.c', 'generate-sendmmsg.c'],
  sink: ['sink.c'],
  noise: ['noise.c'],
} as const;

/** The path of a program, built. */
export function wireProgram(name: keyof typeof SOURCES): string {
  const program = `${BUILT}/${name}`;
  const newest = Math.max(...readdirSync(FOLDER).map((file) => statSync(`${FOLDER}/${file}`).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  mkdirSync(BUILT, { recursive: true });
  const sources = SOURCES[name].map((file) => `${FOLDER}/${file}`);
  execFileSync('cc', [...FLAGS, '-o', program, ...sources, '-lbpf', '-lm'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}
