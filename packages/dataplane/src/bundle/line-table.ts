// Which line of TypeScript a place in a bundle was made of: a table beside the bundle, `<file>.lines`, and the names of
// the sources, `<file>.sources`.
//
// A source map as Node.js decodes it takes 25 MB for the process, and streams look at the stack of every error that
// they meet, be it that a client has gone. This is a part of it: an entry wherever the line of the source changes, in
// four words (line and column in the bundle, number of the source, line there; all from 0), in the bundle's order.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WORDS = 4;

export interface LineEntry {
  line: number;
  column: number;
  source: number;
  sourceLine: number;
}

/** @param sources paths from the bundle's folder. @param entries in the bundle's order. */
export function writeLineTable(bundle: URL, sources: readonly string[], entries: readonly LineEntry[]): void {
  const words = new Int32Array(entries.length * WORDS);
  entries.forEach(({ line, column, source, sourceLine }, i) => {
    words.set([line, column, source, sourceLine], i * WORDS);
  });
  writeFileSync(new URL(`${bundle.href}.lines`), words);
  writeFileSync(new URL(`${bundle.href}.sources`), JSON.stringify(sources));
}

export class LineTable {
  private readonly words: Int32Array;
  private readonly sources: readonly string[];

  /** @param bundle URL of the file. @throws Error when its table cannot be read. */
  constructor(private readonly bundle: string) {
    const bytes = readFileSync(new URL(`${bundle}.lines`));
    this.words = new Int32Array(Uint8Array.from(bytes).buffer);
    this.sources = JSON.parse(readFileSync(new URL(`${bundle}.sources`), 'utf8')) as string[];
  }

  /** Path and line, from 1, of the source of a place, whose line and column are from 1; null when it has none. */
  find(line: number, column: number): { file: string; line: number } | null {
    const { words } = this;
    // The last entry at the place or before it.
    let [low, high] = [0, words.length / WORDS];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * WORDS;
      const before = words[at]! - (line - 1) || words[at + 1]! - (column - 1);
      if (before <= 0) low = middle + 1;
      else high = middle;
    }
    const at = (low - 1) * WORDS;
    if (low === 0 || words[at] !== line - 1) return null;
    const file = fileURLToPath(new URL(this.sources[words[at + 2]!]!, this.bundle));
    return { file, line: words[at + 3]! + 1 };
  }
}
