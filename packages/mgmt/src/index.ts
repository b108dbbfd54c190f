// The sluice command, as a library: what other ways to the box (SSH, Telnet) will offer too.
export { CliError } from './cli-error.js';
export { buildProgram } from './program.js';
