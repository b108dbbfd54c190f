import { ikeBridgeContract } from '@sluice/shared';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { runDirOption, withClient } from '../gateway.js';

export function initiateCommand(): Command {
  return new Command('initiate')
    .description('bring up a CHILD_SA, and the IKE_SA that it needs')
    .argument('<child>', 'its name in the configuration')
    .addOption(runDirOption())
    .action(async (child: string, options: { runDir: string }) => {
      const { initiated, reason } = await withClient(ikeBridgeContract, options.runDir, (client) =>
        client.request('initiate', { child }),
      );
      if (!initiated)
        throw new CliError(`${child} was not brought up: ${reason ?? 'charon gives no reason'}`);
      process.stdout.write(`${child} is up\n`);
    });
}
