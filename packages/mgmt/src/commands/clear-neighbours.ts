// sluice clear neighbours: hosts are asked for anew.
import { dataplaneContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function clearNeighbours(environment: Environment): Command {
  return gatewayCommand(environment, 'neighbours')
    .alias('arp')
    .description('forget hosts on connected networks; those that routes lead to are asked for at once')
    .argument('[address]', 'only this one')
    .option('--interface <name>', 'only those on this interface')
    .action(async (address: string | undefined, options: GatewayOptions & { interface?: string }) => {
      const { cleared } = await withClient(dataplaneContract, runDirOf(environment, options), (client) =>
        client.request('clear-neighbours', {
          ...(address === undefined ? {} : { address }),
          ...(options.interface === undefined ? {} : { interface: options.interface }),
        }),
      );
      if (cleared === 0 && address !== undefined)
        throw new CliError(`${address} is no neighbour: see "show neighbours"`);
      environment.out(`${cleared} neighbour${cleared === 1 ? '' : 's'} cleared\n`);
    });
}
