// sluice clear errors, clear interfaces: what show has of them counts from now on. Metrics go on as they were.
import { dataplaneContract } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function clearErrors(environment: Environment): Command {
  return gatewayCommand(environment, 'errors')
    .description('have "show errors" count from now on')
    .action(async (options: GatewayOptions) => {
      await withClient(dataplaneContract, runDirOf(environment, options), (client) =>
        client.request('clear-counters', { of: 'errors' }),
      );
      environment.out('errors are counted from now on\n');
    });
}

export function clearInterfaces(environment: Environment): Command {
  return gatewayCommand(environment, 'interfaces')
    .description('have "show interfaces" count from now on')
    .argument('[interface]', 'only this one')
    .action(async (name: string | undefined, options: GatewayOptions) => {
      await withClient(dataplaneContract, runDirOf(environment, options), (client) =>
        client.request('clear-counters', {
          of: 'interfaces',
          ...(name === undefined ? {} : { interface: name }),
        }),
      );
      environment.out(`${name ?? 'all interfaces'}: counted from now on\n`);
    });
}
