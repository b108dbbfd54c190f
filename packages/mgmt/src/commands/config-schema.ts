import { configJsonSchema } from '@sluice/agent';
import { Command } from 'commander';

export function configSchemaCommand(): Command {
  return new Command('schema').description('the format of a configuration, as JSON Schema').action(() => {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  });
}
