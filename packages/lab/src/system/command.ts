// Runs a command to its end: argument array, no shell, a deadline, and an error that says what it printed.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { codeOf } from '@sluice/shared';
import { LabError } from '../errors.js';

export interface CommandResult {
  /** Exit status; 128 and the signal's number for one that a signal ended, as shells count. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Written to its standard input, which is empty otherwise. */
  input?: string;
  /** Milliseconds until it is killed; 30,000 unless told. */
  deadlineMs?: number;
  /** Variables beside those of this process. */
  env?: Record<string, string>;
  /** False returns a result with whatever exit status; otherwise one other than 0 throws a CommandError. */
  check?: boolean;
  /** Where it runs, for the error's sentence: "in host-a". */
  where?: string;
  /** What the sentence calls it, when argv holds more than was asked for. */
  argvShown?: readonly string[];
}

export class CommandError extends LabError {
  constructor(
    readonly argv: readonly string[],
    readonly result: CommandResult,
    where: string,
  ) {
    super('command-failed', describeFailure(argv, result, where));
    this.name = 'CommandError';
  }
}

function describeFailure(argv: readonly string[], result: CommandResult, where: string): string {
  const said = (result.stderr.trim() || result.stdout.trim() || 'it printed nothing').slice(-2000);
  // nsenter, like shells, exits with 127 when there is no such program.
  const hint = result.code === 127 ? ` (is ${argv[0]} installed?)` : '';
  return `"${argv.join(' ')}"${where && ` ${where}`} ended with status ${result.code}${hint}: ${said}`;
}

/**
 * Throws CommandError on a failure (unless `check: false`), LabError `deadline` when it had to be killed,
 * LabError `missing-tool` when there is no such program.
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { deadlineMs = 30_000, where = '', argvShown = argv } = options;
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C in the terminal reaches only this process, which then stops the lab in order.
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let expired = false;
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const timer = setTimeout(() => {
      expired = true;
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    }, deadlineMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(
        codeOf(error) === 'ENOENT'
          ? new LabError('missing-tool', `${program} is not installed: add the package that has it`, {
              cause: error,
            })
          : error,
      );
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const result: CommandResult = {
        code: status ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      if (expired) {
        const said = `${result.stdout}${result.stderr}`.trim().slice(-500) || 'nothing';
        const place = where && ` ${where}`;
        reject(
          new LabError(
            'deadline',
            `"${argvShown.join(' ')}"${place} did not end within ${deadlineMs} ms and was killed; it had printed: ${said}`,
          ),
        );
      } else if (result.code !== 0 && options.check !== false) {
        reject(new CommandError(argvShown, result, where));
      } else {
        resolve(result);
      }
    });
    // A command that ends without reading its input closes the pipe: its status is what counts then.
    child.stdin.on('error', (error) => {
      if (codeOf(error) !== 'EPIPE') reject(error);
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Signals a process and those it started in its process group. One that is gone already is what was wanted. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** Signals one process. One that is gone already is what was wanted. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
