// The commands of a session: those of `sluice` that speak to a gateway, by the role of whoever is there.
import { Command } from 'commander';
import { captureCommand } from '../commands/capture.js';
import { clearCommand } from '../commands/clear.js';
import { confirmCommand } from '../commands/confirm.js';
import { debugCommand } from '../commands/debug.js';
import { initiateCommand } from '../commands/initiate.js';
import { logCommand } from '../commands/log.js';
import { nodeReloadCommand } from '../commands/node-reload.js';
import { pingCommand, tracerouteCommand } from '../commands/ping.js';
import { reloadCommand } from '../commands/reload.js';
import { restartCommand } from '../commands/restart.js';
import { showCommand } from '../commands/show.js';
import { terminateCommand } from '../commands/terminate.js';
import { traceCommand } from '../commands/trace.js';
import type { Environment } from '../environment.js';
import { asItComes, forAdmins } from './annotations.js';

/** What a session does about itself. */
export interface SessionControl {
  configure(): Promise<void>;
  leave(): void;
}

export function operationalProgram(environment: Environment, control: SessionControl): Command {
  const node = new Command('node').description('packet-processing nodes of your own');
  node.addCommand(nodeReloadCommand(environment));
  const configure = new Command('configure')
    .description('change the configuration')
    .action(() => control.configure());
  const exit = new Command('exit')
    .alias('quit')
    .description('end the session')
    .action(() => control.leave());
  return sessionRoot('sluice', environment, [
    showCommand(environment),
    pingCommand(environment),
    tracerouteCommand(environment),
    asItComes(traceCommand(environment)),
    logCommand(environment),
    debugCommand(environment),
    // A capture has what people say to each other; the rest changes something.
    ...[
      asItComes(captureCommand(environment)),
      configure,
      confirmCommand(environment),
      reloadCommand(environment),
      initiateCommand(environment),
      terminateCommand(environment),
      clearCommand(environment),
      node,
      restartCommand(environment),
    ].map(forAdmins),
    exit,
  ]);
}

/** A tree whose commands neither end the process nor write to its streams. */
export function sessionRoot(name: string, environment: Environment, commands: readonly Command[]): Command {
  const root = new Command(name).helpCommand(false);
  for (const command of commands) root.addCommand(command);
  tame(root, environment);
  return root;
}

function tame(command: Command, environment: Environment): void {
  command
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ writeOut: environment.out, writeErr: environment.err });
  for (const each of command.commands) tame(each, environment);
}
