// sluice node: packet-processing nodes of users' own.
import { Command } from 'commander';
import { nodeCheckCommand } from './node-check.js';
import { nodeNewCommand } from './node-new.js';
import { nodeReloadCommand } from './node-reload.js';

export function nodeCommand(): Command {
  const node = new Command('node').description('packet-processing nodes of your own (docs/user-nodes.md)');
  for (const command of [nodeNewCommand(), nodeCheckCommand(), nodeReloadCommand()]) node.addCommand(command);
  return node;
}
