// sluice log: what the processes of a gateway have written, newest last.
import { open } from 'node:fs/promises';
import { codeOf } from '@sluice/shared';
import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, PROCESSES, runDirOf } from '../gateway.js';
import { parsePositive } from '../numbers.js';
import { parseLogLine } from '../output/log-line.js';

/** As much of the end of a log is looked at. */
const TAIL = 1 << 20;

export function logCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'log')
    .description('the end of the log of a process')
    .addArgument(new Argument('<process>', 'whose').choices([...PROCESSES, 'up']))
    .option('--lines <n>', 'so many', parsePositive, 100)
    .action(async (name: string, options: GatewayOptions & { lines: number }) => {
      const text = await tail(`${runDirOf(environment, options)}/${name}.log`);
      const lines = text.trimEnd().split('\n').slice(-options.lines);
      environment.out(lines.map((line) => `${readable(line)}\n`).join(''));
    });
}

async function tail(path: string): Promise<string> {
  const file = await open(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new CliError(`there is no ${path}: the process has not run yet`);
  });
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size, TAIL)),
      0,
      Math.min(size, TAIL),
      Math.max(0, size - TAIL),
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

const LEVELS = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' } as const;

/** A line of pino's JSON as time, level, message, and the rest; any other line as it is. Control characters never. */
function readable(line: string): string {
  const { level, atMs, text } = parseLogLine(line);
  const at = atMs === null ? [] : [new Date(atMs).toISOString()];
  return [...at, ...(level === null ? [] : [LEVELS[level]]), text].join(' ');
}
