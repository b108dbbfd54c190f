// sluice restart: ends a process; the supervisor starts it again.
import { askSupervisor, codeOf, hasSupervisor, PidFile, signalProcess } from '@sluice/shared';
import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, PROCESSES, runDirOf } from '../gateway.js';

export function restartCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'restart')
    .description('start a process again; only that of the data plane interrupts traffic')
    .addArgument(new Argument('<process>', 'which').choices(PROCESSES))
    .action(async (name: string, options: GatewayOptions) => {
      const runDir = runDirOf(environment, options);
      if (!(await end(runDir, name)))
        throw new CliError(`${name} does not run in ${runDir}: "log up" says why`);
      environment.out(`${name} ends, and is started again\n`);
    });
}

/** False when it does not run. */
async function end(runDir: string, name: string): Promise<boolean> {
  if (!hasSupervisor()) {
    const running = new PidFile(runDir, name).read();
    return running !== null && signalProcess(running, 'SIGTERM');
  }
  try {
    await askSupervisor({ op: 'restart', process: name });
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}
