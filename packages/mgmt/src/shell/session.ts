// A session at the command line: lines in, output a page at a time, Ctrl-C, help and completion; or one command.
import type { Duplex, Writable } from 'node:stream';
import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { comesOverTime, type Role } from './annotations.js';
import { FilterChain, type Filters, parseFilters } from './filters.js';
import { Pager } from './pager.js';
import { resolve } from './resolve.js';
import { splitPipes, wholeWords } from './words.js';

export interface SessionUser {
  name: string;
  role: Role;
}

/** Text with bare newlines goes in; a terminal that shows pages has a size. */
export interface SessionOutput {
  out(text: string): void;
  err(text: string): void;
  /** Null where nobody reads page by page. */
  readonly screen: { readonly columns: number; readonly rows: number } | null;
  /** For what is no text; null for a terminal. */
  readonly binary: Writable | null;
}

export interface SessionPlace {
  user: SessionUser;
  runDir: string;
  captureDir: string;
}

/** Makes the tree of commands of a session, anew for each line, because commander remembers options. */
export type ProgramOf = (environment: Environment) => Command;

/** Runs lines, one after the other. */
export class CommandRunner {
  #pager: Pager | null = null;
  #running: AbortController | null = null;

  constructor(
    private readonly place: SessionPlace,
    private readonly output: SessionOutput,
  ) {}

  get running(): boolean {
    return this.#running !== null;
  }

  /** Ctrl-C, or the end of the connection. */
  interrupt(): void {
    this.#running?.abort();
    this.#pager?.quit();
  }

  /** A key that is pressed while a command runs; true when it was for the pager. */
  key(name: string | undefined): boolean {
    if (this.#pager?.asking !== true) return false;
    this.#pager.key(name);
    return true;
  }

  /** Runs a line; its exit code. Never throws for what the line is. */
  async run(line: string, programOf: ProgramOf): Promise<number> {
    const interrupted = new AbortController();
    this.#running = interrupted;
    try {
      const [text = '', ...pipes] = splitPipes(line);
      const words = wholeWords(text);
      if (words === null) throw new CliError('a quote is left open');
      if (words.length === 0) {
        if (pipes.length > 0) throw new CliError('there is no command before "|"');
        return 0;
      }
      return await this.#runWords(words, parseFilters(pipes), programOf, interrupted);
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#running = null;
      this.#pager = null;
    }
  }

  async #runWords(
    words: string[],
    filters: Filters,
    programOf: ProgramOf,
    interrupted: AbortController,
  ): Promise<number> {
    const { role } = this.place.user;
    const help = words.at(-1) === 'help' || words.at(-1) === '--help';
    // Found in a tree of its own first: how its output is shown depends on which command it is.
    const { command } = resolve(
      programOf(this.#environment(interrupted.signal, () => undefined)),
      words,
      role,
    );
    const show = this.#shown(filters.paged && !comesOverTime(command) && !help, interrupted);
    const chain = new FilterChain(filters.lines, show);
    const environment = this.#environment(interrupted.signal, (text) => chain.write(text));
    const program = programOf(environment);
    const { argv } = resolve(program, words, role);
    if (filters.json) {
      if (!command.options.some(({ long }) => long === '--json')) {
        throw new CliError(`"${words.join(' ')}" has no JSON form`);
      }
      argv.push('--json');
    }
    try {
      await program.parseAsync(argv, { from: 'user' });
    } finally {
      chain.end();
      await this.#pager?.end();
    }
    return 0;
  }

  /** Where output goes: to the screen page by page, or as it comes. */
  #shown(paged: boolean, interrupted: AbortController): (text: string) => void {
    const { screen } = this.output;
    if (screen === null || !paged) return (text) => this.output.out(text);
    const { output } = this;
    const pager = new Pager(
      {
        write: (text) => output.out(text),
        get columns() {
          return screen.columns;
        },
        get rows() {
          return screen.rows;
        },
      },
      () => interrupted.abort(),
    );
    this.#pager = pager;
    return (text) => pager.write(text);
  }

  #environment(interrupted: AbortSignal, out: (text: string) => void): Environment {
    return {
      out,
      err: (text) => this.output.err(text),
      runDir: this.place.runDir,
      captureDir: this.place.captureDir,
      binaryOut: this.output.binary,
      interruptible: (body) => body(interrupted),
    };
  }

  #failed(error: unknown): number {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof CliError) {
      this.output.err(`${error.message}\n`);
      return error.exitCode;
    }
    this.output.err(`that failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** A stream that takes text with bare newlines, as a terminal wants it. */
export function terminalText(channel: Duplex): (text: string) => void {
  return (text) => {
    if (channel.writable) channel.write(text.replaceAll('\n', '\r\n'));
  };
}
