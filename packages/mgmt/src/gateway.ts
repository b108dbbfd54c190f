// Connections from a command to the processes of a gateway.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_RUN_DIR } from '@sluice/agent';
import { type ActorClient, ActorError, type Contract, connect, createLogger } from '@sluice/shared';
import { Command, Option } from 'commander';
import { CliError } from './cli-error.js';
import type { Environment } from './environment.js';

/** What a client would log, its errors say too; and they reach the terminal. */
const log = createLogger({ name: 'sluice', level: 'silent' });

/** Of a gateway, by the names of their pid files and logs; the supervisor of all is `up`. */
export const PROCESSES = ['dataplane', 'ike-bridge', 'charon', 'agent', 'dhcpd', 'mgmt'] as const;

/** `--run-dir DIR`, of every local command that speaks to a gateway; SLUICE_RUN_DIR stands in for it. */
export function runDirOption(): Option {
  return new Option('--run-dir <dir>', 'directory of the sockets of its processes')
    .env('SLUICE_RUN_DIR')
    .default(DEFAULT_RUN_DIR)
    .argParser((text: string) => resolve(text));
}

/** A command that speaks to a gateway: with `--run-dir` where the environment leaves open which one. */
export function gatewayCommand(environment: Environment, name: string): Command {
  const command = new Command(name);
  return environment.runDir === null ? command.addOption(runDirOption()) : command;
}

/** What `gatewayCommand` puts among the options of its action. */
export interface GatewayOptions {
  runDir?: string;
}

/** The run directory that an action is for. */
export function runDirOf(environment: Environment, options: GatewayOptions): string {
  return environment.runDir ?? options.runDir ?? DEFAULT_RUN_DIR;
}

/**
 * Opens a client for the length of a function.
 * Errors: CliError when no gateway runs there, or when what it was asked is refused or not answered.
 */
export async function withClient<const C extends Contract, T>(
  contract: C,
  runDir: string,
  body: (client: ActorClient<C>) => Promise<T>,
): Promise<T> {
  // Without this a request would wait for its whole deadline for a process that nobody has started.
  if (!existsSync(`${runDir}/${contract.name}.req`)) throw new CliError(absence(contract.name, runDir));
  const client = connect(contract, { runDir, log });
  try {
    return await body(client);
  } catch (error) {
    if (error instanceof ActorError) throw new CliError(explain(error, contract.name, runDir));
    throw error;
  } finally {
    await client.close();
  }
}

function absence(name: string, runDir: string): string {
  const others = ['agent', 'dataplane', 'ike-bridge', 'dhcpd'].filter((other) =>
    existsSync(`${runDir}/${other}.req`),
  );
  if (others.length === 0) {
    return `no gateway is running in ${runDir}: start one with "sluice up", or name its directory with --run-dir`;
  }
  return `the ${name} of the gateway in ${runDir} is not running: see ${runDir}/${name}.log`;
}

function explain(error: ActorError, name: string, runDir: string): string {
  if (error.code !== 'deadline') return error.message;
  return `the ${name} of the gateway in ${runDir} does not answer: see whether it runs, and ${runDir}/${name}.log`;
}
