import { ikeBridgeContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function initiateCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'initiate')
    .description('bring up a CHILD_SA, and the IKE_SA that it needs')
    .argument('<child>', 'its name in the configuration')
    .action(async (child: string, options: GatewayOptions) => {
      const { initiated, reason } = await withClient(
        ikeBridgeContract,
        runDirOf(environment, options),
        (client) => client.request('initiate', { child }),
      );
      if (!initiated)
        throw new CliError(`${child} was not brought up: ${reason ?? 'charon gives no reason'}`);
      environment.out(`${child} is up\n`);
    });
}
