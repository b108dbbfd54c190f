// A page at a time, for a terminal that is shorter than what is said.

const MORE = '-- more -- (space: a page, enter: a line, q: no more)';

export interface PagerTerminal {
  /** Text with bare newlines. */
  write(text: string): void;
  readonly columns: number;
  readonly rows: number;
}

export class Pager {
  #waiting: string[] = [];
  #partial = '';
  #left: number;
  #stopped = false;
  #asked = false;
  #whenEmpty: (() => void) | null = null;

  /** @param onQuit Called when the reader wants no more. */
  constructor(
    private readonly terminal: PagerTerminal,
    private readonly onQuit: () => void,
  ) {
    this.#left = this.#page();
  }

  /** True while it asks for a key. */
  get asking(): boolean {
    return this.#asked;
  }

  write(text: string): void {
    if (this.#stopped) return;
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    this.#waiting.push(...lines);
    this.#show();
  }

  /** What is left of a line is shown, and the promise fulfilled when the reader has seen all or wants no more. */
  async end(): Promise<void> {
    if (this.#partial !== '' && !this.#stopped) {
      this.#waiting.push(this.#partial);
      this.#partial = '';
      this.#show();
    }
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** A key while it asks: its name as readline gives it. */
  key(name: string | undefined): void {
    if (name === 'space' || name === 'pagedown') this.#left = this.#page();
    else if (name === 'return' || name === 'enter' || name === 'down') this.#left = 1;
    else {
      if (name === 'q' || name === 'escape') this.quit();
      return;
    }
    this.#unask();
    this.#show();
  }

  /** Nothing more is shown. */
  quit(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unask();
    this.#waiting = [];
    this.#partial = '';
    this.onQuit();
    this.#whenEmpty?.();
  }

  #show(): void {
    if (this.#asked) return;
    while (this.#waiting.length > 0) {
      const height = this.#heightOf(this.#waiting[0] as string);
      if (this.#left < 1 || (this.#left < height && this.#left < this.#page())) break;
      this.terminal.write(`${this.#waiting.shift()}\n`);
      this.#left -= height;
    }
    if (this.#waiting.length === 0) {
      this.#whenEmpty?.();
      return;
    }
    this.#asked = true;
    this.terminal.write(MORE);
  }

  #unask(): void {
    if (this.#asked) this.terminal.write(`\r\x1b[K`);
    this.#asked = false;
  }

  #page(): number {
    return Math.max(1, this.terminal.rows - 1);
  }

  #heightOf(line: string): number {
    return Math.max(1, Math.ceil(line.length / Math.max(1, this.terminal.columns)));
  }
}
