// sluice confirm: what waits to be confirmed stays.
import { agentContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function confirmCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'confirm')
    .description('keep a commit that goes back by itself otherwise')
    .action(async (options: GatewayOptions) => {
      const { revision } = await withClient(agentContract, runDirOf(environment, options), (client) =>
        client.request('confirm', {}),
      );
      if (revision === null) throw new CliError('nothing waits to be confirmed: see "show history"');
      environment.out(`revision ${revision} stays\n`);
    });
}
