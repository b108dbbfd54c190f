import { formatProblem, loadConfig } from '@sluice/agent';
import { configWarnings } from '@sluice/shared';
import { Command } from 'commander';
import { renderWarnings } from './changes.js';

export function configValidateCommand(): Command {
  return new Command('validate')
    .description('check a configuration file; every problem with its line')
    .argument('<file>', 'YAML or JSON')
    .option('--json', 'problems as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const { config, problems } = await loadConfig(file);
      process.exitCode = config === null ? 1 : 0;
      const warnings = config === null ? [] : configWarnings(config);
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ valid: config !== null, problems, warnings }, null, 2)}\n`);
      } else if (config === null) {
        process.stderr.write(problems.map((problem) => `${formatProblem(file, problem)}\n`).join(''));
      } else {
        process.stdout.write(`${file} is valid: ${config.hostname}, ${describe(config)}\n`);
        process.stderr.write(renderWarnings(warnings));
      }
    });
}

function describe(config: NonNullable<Awaited<ReturnType<typeof loadConfig>>['config']>): string {
  const optional: [number, string][] = [
    [config.vlans.length, 'VLAN'],
    [config.bridges.length, 'bridge'],
    [config.loopbacks.length, 'loopback'],
    [config.nodes.length, 'node'],
  ];
  const amounts: [number, string][] = [
    [config.interfaces.length, 'interface'],
    ...optional.filter(([amount]) => amount > 0),
    [config.tunnels.length, 'tunnel'],
    [config.routes.length, 'route'],
    [config.ike.connections.length, 'IKE connection'],
  ];
  return amounts.map(([amount, what]) => `${amount} ${what}${amount === 1 ? '' : 's'}`).join(', ');
}
