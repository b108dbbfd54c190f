// The other end of a ProgramSide, for sides in TypeScript: a line in, a round, a line of JSON out.
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Round } from '../benchmark.js';

/** Answers every line with a round, until the input ends. */
export async function serveRounds(round: () => Round | Promise<Round>): Promise<void> {
  for await (const _line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await round())}\n`);
  }
}

/** What a side is told, as JSON in its first argument. */
export function sideArguments<T>(): T {
  const text = process.argv[2];
  if (text === undefined) throw new Error('a side is started by its benchmark, with JSON for an argument');
  return JSON.parse(text) as T;
}
