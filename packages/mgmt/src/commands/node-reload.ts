// sluice node reload: the data plane reads the files of its users' nodes again.
import { dataplaneContract } from '@sluice/shared';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { runDirOption, withClient } from '../gateway.js';

export function nodeReloadCommand(): Command {
  return new Command('reload')
    .description('read the files of all nodes again, and switch those on that had failed')
    .addOption(runDirOption())
    .action(async ({ runDir }: { runDir: string }) => {
      const { nodes, problems } = await withClient(dataplaneContract, runDir, async (client) => {
        const status = await client.request('nodes-reload', {});
        return { ...(await client.request('show-nodes', {})), problems: status.problems };
      });
      for (const { name, arc, interfaces } of nodes) {
        process.stdout.write(`${name} is on: ${arc} of ${interfaces.join(', ')}\n`);
      }
      const own = problems.filter((problem) => problem.startsWith('node '));
      if (own.length > 0) throw new CliError(own.join('\n'));
      if (nodes.length === 0)
        process.stdout.write('The configuration names no nodes: see docs/user-nodes.md.\n');
    });
}
