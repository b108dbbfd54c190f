// sluice config: a configuration without a gateway.
import { Command } from 'commander';
import { configSchemaCommand } from './config-schema.js';
import { configValidateCommand } from './config-validate.js';

export function configCommand(): Command {
  return new Command('config')
    .description('check a configuration, and describe its format')
    .addCommand(configValidateCommand())
    .addCommand(configSchemaCommand());
}
