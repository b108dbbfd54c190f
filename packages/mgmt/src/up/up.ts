// Runs a gateway: validates, prepares its run directory, supervises its processes, ends them in order.
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { formatProblem, loadConfig } from '@sluice/agent';
import { prepareLogFile, strongswanConf } from '@sluice/ike-bridge';
import {
  agentContract,
  connect,
  createLogger,
  type Logger,
  messageOf,
  prepareRunDir,
  SluiceError,
  Supervisor,
} from '@sluice/shared';
import { CliError } from '../cli-error.js';
import { ownCapabilities } from './capabilities.js';
import { shortfalls } from './privileges.js';
import {
  checkInstalled,
  type GatewayPaths,
  pathsClosedToRoot,
  processSpecs,
  type Rights,
  runFiles,
} from './processes.js';
import { reportConvergence, reportProcesses, type Say } from './progress.js';

const say: Say = (line) => {
  process.stdout.write(`${line}\n`);
};

/**
 * Resolves when a signal has ended it and every process is gone.
 * Errors: CliError for a configuration that is not valid, or a machine that cannot run it: nothing was started then.
 */
export async function up(paths: GatewayPaths): Promise<void> {
  await checkConfiguration(paths.configFile);
  checkInstalled();
  // Whatever its processes write is for their owner alone.
  process.umask(0o077);
  try {
    prepareRunDir(paths.runDir);
    await writeCharonFiles(paths.runDir);
    await supervise(paths, upLogger(paths.runDir));
  } catch (error) {
    if (error instanceof SluiceError) throw new CliError(error.message);
    throw error;
  }
}

async function checkConfiguration(file: string): Promise<void> {
  const { problems } = await loadConfig(file);
  if (problems.length === 0) return;
  throw new CliError(
    `the configuration is not valid, and nothing was started:\n${problems.map((problem) => `  ${formatProblem(file, problem)}`).join('\n')}`,
  );
}

async function writeCharonFiles(runDir: string): Promise<void> {
  const { strongswanConf: file, viciSocket, charonLog } = runFiles(runDir);
  await writeFile(file, strongswanConf({ runDir, viciSocket, logFile: charonLog, level: 1 }), {
    mode: 0o600,
  });
  await chmod(file, 0o600);
  await prepareLogFile(charonLog);
}

function upLogger(runDir: string): Logger {
  const { upLog } = runFiles(runDir);
  const destination = createWriteStream(upLog, { flags: 'a', mode: 0o600 });
  // Its processes are supervised all the same.
  destination.on('error', (error) =>
    say(`${upLog} cannot be written, so nothing is logged: ${error.message}`),
  );
  return createLogger({ name: 'up', destination });
}

async function supervise(paths: GatewayPaths, log: Logger): Promise<void> {
  const { runDir } = paths;
  const supervisor = new Supervisor({ runDir, log, processes: processSpecs(paths, rightsFor(paths), log) });
  reportProcesses(supervisor, runDir, say);
  const ended = untilSignal(() => void reload(runDir, log));
  const stopReporting = reportConvergence(runDir, log, say);
  try {
    const signal = await Promise.race([supervisor.start(), ended]);
    if (signal === undefined) say(`running in ${runDir} (logs beside the sockets)`);
    say(`${await ended}: stopping`);
    // That its processes fall out of step is what is meant to happen now.
    await stopReporting();
    // Also ends a start that is still under way.
    await supervisor.stop();
  } finally {
    await stopReporting();
  }
  say('stopped');
}

/** Says what is not as confined as it could be. */
function rightsFor(paths: GatewayPaths): Rights {
  const own = ownCapabilities();
  for (const line of shortfalls(own)) say(`warning: ${line}`);
  const closed = pathsClosedToRoot(paths, own);
  if (closed.length === 0) return { own, besides: [] };
  say(
    `warning: ${closed.join(', ')}: not root's, or in a directory that is closed to root, so every process gets cap_dac_override; give it to root, or move it to where root owns the directories`,
  );
  return { own, besides: ['dac_override'] };
}

/** Resolves with the first signal that asks for the end; SIGHUP asks for a reload. */
function untilSignal(onHangup: () => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', onHangup);
  return new Promise((resolve) => {
    // Kept after the first: one that comes while processes are being stopped must not end this half done.
    process.on('SIGTERM', () => resolve('SIGTERM'));
    process.on('SIGINT', () => resolve('SIGINT'));
  });
}

async function reload(runDir: string, log: Logger): Promise<void> {
  if (!existsSync(`${runDir}/${agentContract.name}.req`))
    return say('not reloaded: the agent is not running');
  const client = connect(agentContract, { runDir, log });
  try {
    const { revision, changes, problems } = await client.request('reload', {});
    if (problems.length > 0)
      say(`not reloaded: ${problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`);
    else say(`reloaded: revision ${revision}, ${changes.length} change${changes.length === 1 ? '' : 's'}`);
  } catch (error) {
    say(`not reloaded: ${messageOf(error)}`);
  } finally {
    await client.close();
  }
}
