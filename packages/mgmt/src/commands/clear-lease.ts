// sluice clear lease: an address is taken back. Its client is refused when it renews, and asks anew.
import { dhcpdContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function clearLease(environment: Environment): Command {
  return gatewayCommand(environment, 'lease')
    .description('take the address of a DHCP client back, or one that was declined')
    .argument('<address>', 'as "show leases" has it')
    .option('--vrf <name>', 'the VRF that it is of', 'default')
    .action(async (address: string, options: GatewayOptions & { vrf: string }) => {
      const { cleared } = await withClient(dhcpdContract, runDirOf(environment, options), (client) =>
        client.request('clear-lease', { vrf: options.vrf, address }),
      );
      if (!cleared) throw new CliError(`nobody has ${address} of VRF ${options.vrf}: see "show leases"`);
      environment.out(`${address} is free\n`);
    });
}
