// sluice up: runs a gateway in the foreground, until a signal ends it.
import { resolve } from 'node:path';
import { Command } from 'commander';
import { runDirOption } from '../gateway.js';

export function upCommand(): Command {
  return new Command('up')
    .description('run a gateway: data plane, IKE bridge, charon and agent')
    .requiredOption('-c, --config <file>', 'its configuration, YAML or JSON')
    .addOption(runDirOption())
    .option(
      '--state-dir <dir>',
      'where its revision outlives it (default: /var/lib/sluice, or beside its sockets)',
    )
    .action(async (options: { config: string; runDir: string; stateDir?: string }) => {
      const { defaultStateDir } = await import('@sluice/agent');
      const { up } = await import('../up/up.js');
      await up({
        configFile: resolve(options.config),
        runDir: options.runDir,
        stateDir: resolve(options.stateDir ?? defaultStateDir(options.runDir)),
      });
    });
}
