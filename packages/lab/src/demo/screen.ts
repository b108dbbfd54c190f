// What the demo prints: steps with their times, sections, tables. Colours and a running clock on a terminal,
// plain lines elsewhere (a file, a pipe, CI).
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPIN_MS = 80;
/** ECMA-48: control sequences that set colours, erase, and move the cursor. */
const CSI = '\u001b[';
const ERASE_LINE = `\r${CSI}2K`;
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
const NAME_COLUMNS = 62;
const INDENT = '  ';
const GAP = '  ';
/** Of a terminal that does not say. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** `1,234`, `1.23 k`, or the dash of a figure that is absent: what a table sets to the right. */
const FIGURE = /^(–|\d[\d,]*(\.\d+)?( [kMGT])?)$/;

export type Style = keyof typeof STYLES;

export class Screen {
  readonly terminal: boolean;
  #liveRows = 0;

  /** `terminal` false: no control sequences, even where there is a terminal that knows none. */
  constructor(
    private readonly out: Output,
    terminal = true,
  ) {
    this.terminal = terminal && out.isTTY === true;
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

  /** A table for live(): without those of its last columns for which the terminal is too narrow. */
  fittingTableLines(rows: readonly (readonly string[])[]): string[] {
    let space = this.#columns - INDENT.length;
    const fitting = columnWidths(rows).findIndex((width) => {
      space -= width;
      if (space < 0) return true;
      space -= GAP.length;
      return false;
    });
    return this.tableLines(fitting < 0 ? rows : rows.map((row) => row.slice(0, fitting)));
  }

  tableLines(rows: readonly (readonly string[])[]): string[] {
    const widths = columnWidths(rows);
    const right = widths.map((_, i) => rows.slice(1).every((row) => FIGURE.test(row[i] ?? '–')));
    return rows.map((row, r) => {
      const cells = row.map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
      const text = `${INDENT}${cells.join(GAP).trimEnd()}`;
      return r === 0 ? this.style('dim', text) : text;
    });
  }

  /**
   * Lines that the next call replaces on a terminal, and follows elsewhere; none may be wider than the terminal.
   * What is below its last row is left out: it could not be replaced.
   */
  live(lines: readonly string[]): void {
    if (this.terminal && this.#liveRows > 0) this.out.write(`${CSI}${this.#liveRows}A${CSI}0J`);
    const shown = this.terminal ? lines.slice(0, (this.out.rows ?? DEFAULT_ROWS) - 1) : lines;
    for (const line of shown) this.line(line);
    this.#liveRows = shown.length;
  }

  get #columns(): number {
    if (!this.terminal) return Number.POSITIVE_INFINITY;
    return this.out.columns ?? DEFAULT_COLUMNS;
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

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
}
