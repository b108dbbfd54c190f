// sluice node check: what the data plane would say of a file, without a gateway.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadUserFile } from '@sluice/dataplane/user-nodes';
import { Command } from 'commander';
import { CliError } from '../cli-error.js';

export function nodeCheckCommand(): Command {
  return new Command('check')
    .description('compile and load a file as the data plane would, and say what it is')
    .argument('<file>', 'a .ts, .mts, .js or .mjs file')
    .action(async (file: string) => {
      const directory = await mkdtemp(join(tmpdir(), 'sluice-node-check-'));
      try {
        const { node } = await loadUserFile(resolve(file), directory);
        const counters = node.counters.map(({ name, drop }) => (drop ? `${name} (drop)` : name));
        process.stdout.write(
          `${node.name} is a node of ${node.arc}; it counts ${counters.join(', ') || 'nothing'}\n`,
        );
      } catch (error) {
        if (error instanceof Error && error.name === 'UserNodeError') throw new CliError(error.message);
        throw error;
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
}
