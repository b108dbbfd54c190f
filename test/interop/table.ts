// Tables of docs/interoperability.md, made of what tests have run.
//
// A test records a row when it has passed. At the end of its file the table in the docs must be that of the rows; with
// SLUICE_WRITE_INTEROPERABILITY=1 it is written instead.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DOCUMENT = fileURLToPath(new URL('../../../docs/interoperability.md', import.meta.url));
const WRITE = 'SLUICE_WRITE_INTEROPERABILITY';

export class Table {
  private readonly rows: string[][] = [];

  constructor(
    /** Names the place in the document: `<!-- name: begin -->` to `<!-- name: end -->`. */
    private readonly name: string,
    private readonly columns: readonly string[],
  ) {}

  record(row: readonly string[]): void {
    this.rows.push([...row]);
  }

  /** Compares with the document, or writes it. */
  settle(): void {
    const [begin, end] = ['begin', 'end'].map((edge) => `<!-- ${this.name}: ${edge} -->`) as [string, string];
    const document = readFileSync(DOCUMENT, 'utf8');
    const [from, to] = [document.indexOf(begin) + begin.length, document.indexOf(end)];
    assert.ok(from >= begin.length && to >= from, `${DOCUMENT} has no place for ${this.name}`);
    const table = `\n\n${this.text()}\n\n`;
    if (process.env[WRITE] === '1') {
      writeFileSync(DOCUMENT, document.slice(0, from) + table + document.slice(to));
      return;
    }
    assert.equal(
      document.slice(from, to),
      table,
      `${DOCUMENT} does not say what was run: run this test with ${WRITE}=1`,
    );
  }

  /** Columns as wide as their widest cell, as formatters of Markdown have them. */
  private text(): string {
    const rows = [this.columns, ...this.rows];
    const widths = this.columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
    const line = (cells: readonly string[]): string =>
      `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
    return [line(this.columns), line(widths.map((width) => '-'.repeat(width))), ...this.rows.map(line)].join(
      '\n',
    );
  }
}
