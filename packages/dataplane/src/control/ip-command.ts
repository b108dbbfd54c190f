// Runs iproute2: Linux's side of the box is configured by the tool that is made for it.
import { spawn } from 'node:child_process';

/** What iproute2 refused, with its words. */
export class IpCommandError extends Error {
  override readonly name = 'IpCommandError';
}

/** Runs `ip` with arguments; `input` goes to its standard input. Rejects with what it said. */
export function ip(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    child.on('error', (error) => reject(new IpCommandError(`ip ${args.join(' ')}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else
        reject(
          new IpCommandError(`ip ${args.join(' ')} (${input.trim()}): ${err.trim() || `exit code ${code}`}`),
        );
    });
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      // It may end before its (often empty) input was written to it: then its exit code says what came of it.
      if (error.code !== 'EPIPE') reject(new IpCommandError(`ip ${args.join(' ')}: ${error.message}`));
    });
    child.stdin.end(input);
  });
}

/** Runs all lines of a batch; rejects at its end with what was said of those that were refused. */
export async function ipBatch(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await ip(['-force', '-batch', '-'], `${lines.join('\n')}\n`);
}
