// What the demo prints: steps with their times, sections, tables. Colours and a running clock on a terminal,
// plain lines elsewhere (a file, a pipe, CI).
import { stripVTControlCharacters } from 'node:util';

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPIN_MS = 80;
/** ECMA-48: control sequences that set colours, erase, and move the cursor. */
const CSI = '\u001b[';
const ERASE_LINE = `\r${CSI}2K`;
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
const NAME_COLUMNS = 62;
/** `1,234`, `1.23 k`, or the dash of a figure that is absent: what a table sets to the right. */
const FIGURE = /^(–|[\d.,]+( [kMGT])?)$/;

export type Style = keyof typeof STYLES;

export class Screen {
  readonly terminal: boolean;
  #liveRows = 0;

  constructor(private readonly out: Output) {
    this.terminal = out.isTTY === true;
  }

  get columns(): number {
    return this.out.columns ?? 100;
  }

  style(style: Style, text: string): string {
    return this.terminal ? `${CSI}${STYLES[style]}m${text}${CSI}0m` : text;
  }

  line(text = ''): void {
    this.out.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line();
    this.line(this.style('bold', text));
  }

  /** Runs a step and prints its name, its time and, when it has something to say, its result. */
  async step<T>(name: string, run: () => Promise<T>, result?: (value: T) => string): Promise<T> {
    const started = performance.now();
    const spinning = this.#spin(name, started);
    try {
      const value = await run();
      this.#stepLine(this.style('green', '✔'), name, started, result?.(value));
      return value;
    } catch (error) {
      this.#stepLine(this.style('red', '✘'), name, started, undefined);
      throw error;
    } finally {
      clearInterval(spinning);
    }
  }

  /** Rows with columns as wide as they need; the first row is the head. Numbers are to the right. */
  table(rows: readonly (readonly string[])[]): void {
    for (const row of this.tableLines(rows)) this.line(row);
  }

  tableLines(rows: readonly (readonly string[])[]): string[] {
    const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
    const right = widths.map((_, i) => rows.slice(1).every((row) => FIGURE.test(row[i] ?? '–')));
    return rows.map((row, r) => {
      const cells = row.map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
      const text = `  ${cells.join('  ').trimEnd()}`;
      return r === 0 ? this.style('dim', text) : text;
    });
  }

  /** Lines that the next call replaces on a terminal, and follows elsewhere. */
  live(lines: readonly string[]): void {
    if (this.terminal && this.#liveRows > 0) this.out.write(`${CSI}${this.#liveRows}A${CSI}0J`);
    for (const line of lines) this.line(line);
    this.#liveRows = lines.reduce((rows, line) => rows + this.#rowsOf(line), 0);
  }

  /** A line that is wider than the terminal takes several rows of it. */
  #rowsOf(line: string): number {
    return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / this.columns));
  }

  #spin(name: string, started: number): NodeJS.Timeout | undefined {
    if (!this.terminal) return undefined;
    let frame = 0;
    const draw = (): void => {
      const mark = this.style('cyan', SPINNER[frame++ % SPINNER.length]!);
      this.out.write(`${ERASE_LINE}${mark} ${name.padEnd(NAME_COLUMNS)} ${this.#seconds(started)}`);
    };
    draw();
    return setInterval(draw, SPIN_MS);
  }

  #stepLine(mark: string, name: string, started: number, result: string | undefined): void {
    const erase = this.terminal ? ERASE_LINE : '';
    this.out.write(`${erase}${mark} ${name.padEnd(NAME_COLUMNS)} ${this.#seconds(started)}\n`);
    if (result) this.line(`    ${result}`);
  }

  #seconds(started: number): string {
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    return this.style('dim', `${seconds.padStart(6)} s`);
  }
}
