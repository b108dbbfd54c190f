import { ikeBridgeContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function terminateCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'terminate')
    .description('end the IKE_SAs of a connection, with their CHILD_SAs')
    .argument('<connection>', 'its name in the configuration')
    .action(async (connection: string, options: GatewayOptions) => {
      const { terminated } = await withClient(ikeBridgeContract, runDirOf(environment, options), (client) =>
        client.request('terminate', { connection }),
      );
      if (terminated === 0) throw new CliError(`${connection} has no IKE_SA: see "sluice show ike"`);
      environment.out(`${connection}: ${terminated} IKE_SA${terminated === 1 ? '' : 's'} ended\n`);
    });
}
