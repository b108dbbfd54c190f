// Entry of the sluice command.
import { codeOf } from '@sluice/shared';
import { CliError } from './cli-error.js';
import { buildProgram } from './program.js';

// Whoever read it is gone (`sluice show routes | head`, a terminal that was closed): nothing more is to be said, but
// `sluice up` has processes to keep running and to end in order.
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error;
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
