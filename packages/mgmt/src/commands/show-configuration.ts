import { agentContract } from '@sluice/shared';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Environment } from '../environment.js';
import { showSubject } from './show-subject.js';

export function showConfiguration(environment: Environment): Command {
  return showSubject(environment, {
    name: 'configuration',
    summary: 'the configuration in force, as it was written; secrets are references in it',
    contract: agentContract,
    request: 'show-config',
    render: ({ config, text }) => text ?? stringify(config),
  });
}
