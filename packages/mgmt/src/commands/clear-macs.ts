// sluice clear macs: stations behind bridges are learnt anew.
import { dataplaneContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function clearMacs(environment: Environment): Command {
  return gatewayCommand(environment, 'macs')
    .alias('mac-table')
    .description('forget stations that bridges have learnt, until they are heard again')
    .argument('[mac]', 'only this one')
    .option('--bridge <name>', 'only those of this bridge')
    .action(async (mac: string | undefined, options: GatewayOptions & { bridge?: string }) => {
      const { cleared } = await withClient(dataplaneContract, runDirOf(environment, options), (client) =>
        client.request('clear-macs', {
          ...(mac === undefined ? {} : { mac }),
          ...(options.bridge === undefined ? {} : { bridge: options.bridge }),
        }),
      );
      if (cleared === 0 && mac !== undefined)
        throw new CliError(`no bridge has learnt ${mac}: see "show macs"`);
      environment.out(`${cleared} station${cleared === 1 ? '' : 's'} cleared\n`);
    });
}
