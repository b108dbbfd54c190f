// A session in a terminal: readline's line editing and history, completion by Tab, help by "?".
import { EventEmitter } from 'node:events';
import { createInterface, emitKeypressEvents, type Interface, type Key } from 'node:readline';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { complete, isPlaceholder } from './complete.js';
import { CommandRunner, type ProgramOf, type SessionPlace, terminalText } from './session.js';
import { splitWords } from './words.js';

/** Keys that are typed ahead while a command runs; more are forgotten. */
const TYPED_AHEAD_MAX = 4096;
const HISTORY = 500;

export interface ScreenSize {
  columns: number;
  rows: number;
}

/** What the session asks of whoever it belongs to. */
export interface Mode {
  /** What stands before the line. */
  prompt(): string;
  /** The commands of this line. */
  program: ProgramOf;
}

export class TerminalSession extends EventEmitter<{ key: []; end: [] }> {
  readonly #runner: CommandRunner;
  readonly #keys = new PassThrough();
  readonly #screen: Writable & { columns: number; rows: number };
  readonly #lines: Interface;
  readonly #ahead: [string | undefined, Key][] = [];
  readonly #say: (text: string) => void;
  #ended = false;

  constructor(
    channel: Duplex,
    private readonly place: SessionPlace,
    size: ScreenSize,
    private readonly mode: Mode,
  ) {
    super();
    const say = terminalText(channel);
    this.#say = say;
    const screen = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        if (channel.writable) channel.write(chunk);
        done();
      },
    });
    this.#screen = Object.assign(screen, size);
    this.#runner = new CommandRunner(place, { out: say, err: say, screen: this.#screen, binary: null });
    this.#lines = createInterface({
      input: this.#keys,
      output: this.#screen,
      terminal: true,
      historySize: HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        this.#complete(line).then((result) => done(null, result));
      },
    });
    // Keys go through here on their way to readline, which would take "?" and what is typed ahead as a part of the line.
    const typed = new PassThrough();
    emitKeypressEvents(typed);
    typed.on('keypress', (text: string | undefined, key: Key) => this.#key(text, key));
    channel.on('data', (data: Buffer) => typed.write(data));
    channel.on('end', () => this.end());
    channel.on('close', () => this.end());
    this.#lines.on('line', (line) => void this.#run(line));
    this.#lines.on('SIGINT', () => this.#again());
    this.#lines.on('close', () => this.end());
  }

  /** Shows the first prompt. */
  start(greeting: string): void {
    this.#say(greeting);
    this.#again();
  }

  resize(size: ScreenSize): void {
    Object.assign(this.#screen, size);
    this.#screen.emit('resize');
  }

  get running(): boolean {
    return this.#runner.running;
  }

  /** Ctrl-C from elsewhere than the keys. */
  interrupt(): void {
    this.#runner.interrupt();
  }

  /** Says something above the line that is being typed. */
  announce(text: string): void {
    this.#say(`\r\x1b[K${text}\n`);
    if (!this.#runner.running) this.#lines.prompt(true);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#runner.interrupt();
    this.#lines.close();
    this.emit('end');
  }

  #key(text: string | undefined, key: Key): void {
    this.emit('key');
    if (!this.#runner.running) this.#typed(text, key);
    else if (key.ctrl && key.name === 'c') this.#runner.interrupt();
    else if (!this.#runner.key(key.name) && this.#ahead.length < TYPED_AHEAD_MAX)
      this.#ahead.push([text, key]);
  }

  #typed(text: string | undefined, key: Key): void {
    const before = this.#lines.line.slice(0, this.#lines.cursor);
    if (text === '?' && !splitWords(before).open) void this.#help(before);
    else this.#keys.emit('keypress', text, key);
  }

  async #run(line: string): Promise<void> {
    await this.#runner.run(line, this.mode.program);
    if (this.#ended) return;
    this.#again();
    while (this.#ahead.length > 0 && !this.#runner.running) {
      const [text, key] = this.#ahead.shift() as [string | undefined, Key];
      this.#typed(text, key);
    }
  }

  /** An empty line behind a prompt. */
  #again(): void {
    if (this.#lines.line !== '') this.#say('\n');
    Object.assign(this.#lines, { line: '', cursor: 0 });
    this.#lines.setPrompt(this.mode.prompt());
    this.#lines.prompt();
  }

  async #complete(line: string): Promise<[string[], string]> {
    try {
      const { candidates, partial } = await complete(this.#tree(), line, this.place.user.role);
      const words = candidates.filter((each) => !isPlaceholder(each)).map(({ word }) => quoted(word));
      return [words.length === 1 ? [`${words[0]} `] : words, partial];
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return [[], line];
    }
  }

  async #help(line: string): Promise<void> {
    this.#say('?\n');
    try {
      const { candidates, whole, partial } = await complete(this.#tree(), line, this.place.user.role);
      const rows = [...candidates];
      if (whole && partial === '')
        rows.push({ word: '<Enter>', help: 'runs it' }, { word: '|', help: 'filters what it says' });
      const width = Math.max(...rows.map(({ word }) => word.length), 0);
      this.#say(rows.map(({ word, help }) => `  ${word.padEnd(width)}  ${help}`.trimEnd()).join('\n'));
      this.#say(rows.length === 0 ? '  nothing fits\n' : '\n');
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#say(`  ${error.message}\n`);
    }
    if (!this.#ended) this.#lines.prompt(true);
  }

  /** The commands, for looking at them. */
  #tree(): Command {
    return this.mode.program({
      out: () => undefined,
      err: () => undefined,
      runDir: this.place.runDir,
      captureDir: this.place.captureDir,
      binaryOut: null,
      interruptible: (body) => body(AbortSignal.abort()),
    });
  }
}

function quoted(word: string): string {
  return /[\s|?'"\\]/.test(word) ? `"${word.replaceAll(/["\\]/g, '\\$&')}"` : word;
}
