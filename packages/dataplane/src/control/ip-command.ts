// Runs iproute2: Linux's side of the box is configured by the tool that is made for it.
import { spawn } from 'node:child_process';

/** What iproute2 refused, with its words. */
export class IpCommandError extends Error {
  override readonly name = 'IpCommandError';
}

/** Runs `ip` with arguments, in a named network namespace if one is given; `input` goes to its standard input. */
export function ip(args: readonly string[], input = '', namespace: string | null = null): Promise<string> {
  return run('ip', namespace === null ? args : ['-n', namespace, ...args], input);
}

/** Runs all lines of a batch; rejects at its end with what was said of those that were refused. */
export async function ipBatch(
  lines: readonly string[],
  namespace: string | null = null,
  options: readonly string[] = [],
): Promise<void> {
  const input = `${lines.join('\n')}\n`;
  if (lines.length > 0) await ip([...options, '-force', '-batch', '-'], input, namespace);
}

/** Runs a program in a named network namespace. */
export function runInNamespace(namespace: string, command: readonly string[]): Promise<string> {
  return run('ip', ['netns', 'exec', namespace, ...command], '');
}

/** Rejects with what the program said. */
function run(program: string, args: readonly string[], input: string): Promise<string> {
  const what = `${program} ${args.join(' ')}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    child.on('error', (error) => reject(new IpCommandError(`${what}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new IpCommandError(`${what} (${input.trim()}): ${err.trim() || `exit code ${code}`}`));
    });
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      // It may end before its (often empty) input was written to it: then its exit code says what came of it.
      if (error.code !== 'EPIPE') reject(new IpCommandError(`${what}: ${error.message}`));
    });
    child.stdin.end(input);
  });
}
