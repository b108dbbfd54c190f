// sluice node reload: the data plane reads the files of its users' nodes again.
import { dataplaneContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function nodeReloadCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'reload')
    .description('read the files of all nodes again, and switch those on that had failed')
    .action(async (options: GatewayOptions) => {
      const { nodes, problems } = await withClient(
        dataplaneContract,
        runDirOf(environment, options),
        async (client) => {
          const status = await client.request('nodes-reload', {});
          return { ...(await client.request('show-nodes', {})), problems: status.problems };
        },
      );
      for (const { name, arc, interfaces } of nodes) {
        environment.out(`${name} is on: ${arc} of ${interfaces.join(', ')}\n`);
      }
      const own = problems.filter((problem) => problem.startsWith('node '));
      if (own.length > 0) throw new CliError(own.join('\n'));
      if (nodes.length === 0) environment.out('The configuration names no nodes: see docs/user-nodes.md.\n');
    });
}
