// sluice restart: ends a process; the supervisor starts it again.
import { PidFile, signalProcess } from '@sluice/shared';
import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, PROCESSES, runDirOf } from '../gateway.js';

export function restartCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'restart')
    .description('start a process again; only that of the data plane interrupts traffic')
    .addArgument(new Argument('<process>', 'which').choices(PROCESSES))
    .action((name: string, options: GatewayOptions) => {
      const runDir = runDirOf(environment, options);
      const running = new PidFile(runDir, name).read();
      if (running === null || !signalProcess(running, 'SIGTERM'))
        throw new CliError(`${name} does not run in ${runDir}: "log up" says why`);
      environment.out(`${name} ends, and is started again\n`);
    });
}
