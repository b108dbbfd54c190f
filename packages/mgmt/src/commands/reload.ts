// sluice reload: the agent reads its file again and applies what differs.
import { agentContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { renderChange, renderProblems, renderWarnings } from './changes.js';

export function reloadCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'reload')
    .description('read the configuration file again, and apply what differs')
    .option('--json', 'as JSON')
    .action(async (options: GatewayOptions & { json?: boolean }) => {
      const result = await withClient(agentContract, runDirOf(environment, options), (client) =>
        client.request('reload', {}),
      );
      if (options.json) environment.out(`${JSON.stringify(result, null, 2)}\n`);
      if (result.problems.length > 0) {
        const lines = renderProblems(result.problems);
        throw new CliError(`nothing was changed, because the file is not valid:\n${lines.join('\n')}`);
      }
      if (options.json) return;
      environment.err(renderWarnings(result.warnings));
      const changes = result.changes.length === 0 ? ['nothing differs'] : result.changes.map(renderChange);
      environment.out(`revision ${result.revision}\n${changes.map((line) => `  ${line}\n`).join('')}`);
    });
}
