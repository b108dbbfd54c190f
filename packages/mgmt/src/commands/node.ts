// sluice node: packet-processing nodes of users' own.
import { Command } from 'commander';
import type { Environment } from '../environment.js';
import { nodeCheckCommand } from './node-check.js';
import { nodeNewCommand } from './node-new.js';
import { nodeReloadCommand } from './node-reload.js';

export function nodeCommand(environment: Environment): Command {
  const node = new Command('node').description('packet-processing nodes of your own (docs/user-nodes.md)');
  for (const command of [nodeNewCommand(), nodeCheckCommand(), nodeReloadCommand(environment)])
    node.addCommand(command);
  return node;
}
