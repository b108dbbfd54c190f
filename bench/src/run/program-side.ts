// A side that is a program of its own: it runs a round for every line on its standard input, and answers with a line of JSON.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Round, Side } from '../benchmark.js';

/** A program that does not answer for so long hangs. */
const ROUND_LIMIT_MS = 120_000;
/** What it may take to end when its input does. */
const EXIT_LIMIT_MS = 5_000;

export interface Program {
  name: string;
  /** Command and arguments. */
  command: readonly string[];
  /** The core that it and its threads run on; null leaves them free. */
  core: number | null;
  /** Words before the command, such as `ip netns exec NAME`. */
  within?: readonly string[];
}

export function programSide(program: Program): Side {
  return new ProgramSide(program);
}

class ProgramSide implements Side {
  readonly name: string;
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private waiting: { resolve(line: string): void; reject(error: Error): void } | null = null;
  private ended: string | null = null;

  constructor({ name, command, core, within = [] }: Program) {
    this.name = name;
    const pinned = core === null ? command : ['taskset', '-c', String(core), ...command];
    const [file, ...args] = [...within, ...pinned];
    this.child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout! });
    this.lines.on('line', (line) => {
      this.waiting?.resolve(line);
      this.waiting = null;
    });
    this.child.on('error', (error) => this.end(error.message));
    this.child.on('exit', (code, signal) => this.end(`it ended with ${signal ?? `exit code ${code}`}`));
    // Writing to a program that has ended fails here, and is reported by its end.
    this.child.stdin!.on('error', () => this.end('it takes no input any more'));
  }

  async round(): Promise<Round> {
    if (this.ended !== null) throw new Error(`${this.name}: ${this.ended}`);
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    const limit = setTimeout(() => {
      this.end(`no answer within ${ROUND_LIMIT_MS / 1000} s`);
      this.child.kill('SIGKILL');
    }, ROUND_LIMIT_MS);
    this.child.stdin!.write('round\n');
    try {
      return roundOf(this.name, await answer);
    } finally {
      clearTimeout(limit);
    }
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    const limit = setTimeout(() => this.child.kill('SIGKILL'), EXIT_LIMIT_MS);
    this.child.stdin!.end();
    await exited;
    clearTimeout(limit);
    this.lines.close();
  }

  private end(reason: string): void {
    this.ended ??= reason;
    this.waiting?.reject(new Error(`${this.name}: ${reason}`));
    this.waiting = null;
  }
}

function roundOf(name: string, line: string): Round {
  const round: unknown = JSON.parse(line);
  if (typeof round !== 'object' || round === null || !('value' in round) || typeof round.value !== 'number') {
    throw new Error(`${name}: "${line}" is no round`);
  }
  return round as Round;
}
