// Programs of Linux that commands run: in a VRF's network namespace, with their output as it comes.
import { spawn } from 'node:child_process';
import { namespacePath, vrfNamespaceName } from '@sluice/shared';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';

const DEFAULT_VRF = 'default';

/** The command line that runs a program in a VRF. */
export async function inVrf(vrf: string | undefined, argv: readonly string[]): Promise<string[]> {
  if (vrf === undefined || vrf === DEFAULT_VRF) return [...argv];
  // Not `ip netns exec`: where it has another user than root it drops its capabilities, unless cap_net_admin is there.
  return ['nsenter', `--net=${namespacePath(await vrfNamespaceName(vrf))}`, '--', ...argv];
}

/**
 * Runs a program to its end, or until the reader has enough.
 * Errors: CliError when it cannot be run, or ends with another code than 0 by itself.
 */
export async function runProgram(environment: Environment, argv: readonly string[]): Promise<void> {
  const [file = '', ...rest] = argv;
  await environment.interruptible(async (interrupted) => {
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (): void => void child.kill('SIGINT');
    interrupted.addEventListener('abort', end, { once: true });
    child.stdout.setEncoding('utf8').on('data', (text: string) => environment.out(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => environment.err(text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (error) => reject(new CliError(`${file} cannot be run: ${error.message}`)));
      child.on('close', resolve);
    }).finally(() => interrupted.removeEventListener('abort', end));
    if (code !== 0 && !interrupted.aborted) throw new CliError(`${file} ended with code ${code}`, code ?? 1);
  });
}
