// A session without a terminal: `ssh box COMMAND`, or commands from standard input, one a line.
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { ProgramOf, SessionOutput, SessionPlace } from './session.js';
import { CommandRunner } from './session.js';

export class LineSession {
  readonly #runner: CommandRunner;

  constructor(
    place: SessionPlace,
    private readonly output: SessionOutput,
    private readonly program: ProgramOf,
  ) {
    this.#runner = new CommandRunner(place, output);
  }

  interrupt(): void {
    this.#runner.interrupt();
  }

  /** The exit code of one command. */
  one(line: string): Promise<number> {
    return this.#runner.run(line, this.program);
  }

  /** Runs lines until there are no more, or one asks to leave; the code of the first that failed, after which nothing runs. */
  async all(input: Duplex, left: () => boolean): Promise<number> {
    let number = 0;
    for await (const line of createInterface({ input, terminal: false })) {
      number++;
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      const code = await this.one(line);
      if (code !== 0) {
        this.output.err(`line ${number} failed: nothing behind it was run\n`);
        return code;
      }
      if (left()) return 0;
    }
    return 0;
  }
}
