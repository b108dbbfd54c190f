// sluice password: the hash of a password, for a user in the configuration.
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { hash } from '@node-rs/argon2';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';

const LENGTH_MIN = 12;

export function passwordCommand(): Command {
  return new Command('password')
    .description('ask for a password, and print its hash for management.users')
    .action(async () => {
      const password = await asked('Password: ');
      if (password.length < LENGTH_MIN)
        throw new CliError(`a password has at least ${LENGTH_MIN} characters`);
      if (process.stdin.isTTY && (await asked('Again: ')) !== password)
        throw new CliError('the two are not the same');
      process.stdout.write(`${await hash(password)}\n`);
    });
}

/** A line that is not shown while it is typed. Errors: CliError when there is none. */
async function asked(question: string): Promise<string> {
  const { stdin } = process;
  // Readline shows what is typed on its output: here nowhere.
  const lines = createInterface({ input: stdin, output: new PassThrough(), terminal: stdin.isTTY });
  if (stdin.isTTY) process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => reject(new CliError('no password was given', 130)));
      lines.once('close', () => reject(new CliError('no password was given')));
    });
  } finally {
    lines.close();
    if (stdin.isTTY) process.stderr.write('\n');
  }
}
