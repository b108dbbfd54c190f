// The sluice command: its commands, and how it ends.
import { Command } from 'commander';
import { captureCommand } from './commands/capture.js';
import { clearCommand } from './commands/clear.js';
import { configCommand } from './commands/config.js';
import { confirmCommand } from './commands/confirm.js';
import { debugCommand } from './commands/debug.js';
import { initiateCommand } from './commands/initiate.js';
import { labCommand } from './commands/lab.js';
import { logCommand } from './commands/log.js';
import { nodeCommand } from './commands/node.js';
import { passwordCommand } from './commands/password.js';
import { pingCommand, tracerouteCommand } from './commands/ping.js';
import { reloadCommand } from './commands/reload.js';
import { restartCommand } from './commands/restart.js';
import { showCommand } from './commands/show.js';
import { terminateCommand } from './commands/terminate.js';
import { traceCommand } from './commands/trace.js';
import { upCommand } from './commands/up.js';
import { type Environment, processEnvironment } from './environment.js';

/** The local command: all commands, also those that need no gateway. */
export function buildProgram(environment: Environment = processEnvironment): Command {
  const program = new Command('sluice')
    .description('a VPN edge gateway')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(add --help for what there is)');
  const commands = [
    upCommand(),
    showCommand(environment),
    traceCommand(environment),
    captureCommand(environment),
    pingCommand(environment),
    tracerouteCommand(environment),
    logCommand(environment),
    reloadCommand(environment),
    confirmCommand(environment),
    restartCommand(environment),
    initiateCommand(environment),
    terminateCommand(environment),
    clearCommand(environment),
    debugCommand(environment),
    configCommand(),
    passwordCommand(),
    nodeCommand(environment),
    labCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  inheritSettings(program);
  return program;
}

/** addCommand() does not pass the parent's settings on, as command() would. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
