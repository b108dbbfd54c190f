import { ikeBridgeContract } from '@sluice/shared';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { runDirOption, withClient } from '../gateway.js';

export function terminateCommand(): Command {
  return new Command('terminate')
    .description('end the IKE_SAs of a connection, with their CHILD_SAs')
    .argument('<connection>', 'its name in the configuration')
    .addOption(runDirOption())
    .action(async (connection: string, options: { runDir: string }) => {
      const { terminated } = await withClient(ikeBridgeContract, options.runDir, (client) =>
        client.request('terminate', { connection }),
      );
      if (terminated === 0) throw new CliError(`${connection} has no IKE_SA: see "sluice show ike"`);
      process.stdout.write(`${connection}: ${terminated} IKE_SA${terminated === 1 ? '' : 's'} ended\n`);
    });
}
