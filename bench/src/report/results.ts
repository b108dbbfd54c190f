// bench/results.json: the rows that docs/performance.md is made of, each with the conditions that it was measured under.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Row } from '../run/row.js';

export function readResults(file: string): Row[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : [];
}

export function writeResults(file: string, rows: readonly Row[]): void {
  writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
}

/** New rows take the place of those of their name; all in the order of `names`, the others behind. */
export function mergeResults(old: readonly Row[], fresh: readonly Row[], names: readonly string[]): Row[] {
  const merged = new Map([...old, ...fresh].map((row) => [row.name, row]));
  const placeOf = ({ name }: Row): number => {
    const exact = names.indexOf(name);
    const at = exact >= 0 ? exact : names.findIndex((candidate) => name.startsWith(candidate));
    return at < 0 ? names.length : at;
  };
  return [...merged.values()].sort((a, b) => placeOf(a) - placeOf(b));
}
