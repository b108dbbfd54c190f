// Runs a gateway: validates, prepares its run directory, supervises its processes, ends them in order.
import { constants, createWriteStream, existsSync, openSync } from 'node:fs';
import { chmod, chown, rm, writeFile } from 'node:fs/promises';
import { formatProblem, loadConfig } from '@sluice/agent';
import { strongswanConf } from '@sluice/ike-bridge';
import {
  agentContract,
  connect,
  createLogger,
  type Logger,
  messageOf,
  PidFile,
  prepareRunDir,
  SluiceError,
  Supervisor,
  signalProcess,
} from '@sluice/shared';
import { CliError } from '../cli-error.js';
import { PROCESS_NAMES } from './privileges.js';
import { checkInstalled, type GatewayPaths, processSpecs, runFiles } from './processes.js';
import { reportConvergence, reportProcesses, type Say } from './progress.js';
import { type Rights, rightsFor } from './rights.js';
import { RootService } from './root-service.js';
import { giveLogs, openNamespaceDirectory, shareCaptures, takeOverRunFiles } from './take-over.js';

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
    checkAlone(paths.runDir);
    const log = upLogger(paths.runDir);
    const rights = rightsFor(paths, say, log);
    await writeCharonFiles(paths.runDir, rights);
    await supervise(paths, rights, log);
  } catch (error) {
    if (error instanceof SluiceError) throw new CliError(error.message);
    throw error;
  }
}

/** Before anything of another's that runs there is touched. */
function checkAlone(runDir: string): void {
  const running = new PidFile(runDir, 'supervisor').read();
  if (running !== null)
    throw new CliError(`a supervisor is already running in ${runDir} (pid ${running.pid}): stop it first`);
}

async function checkConfiguration(file: string): Promise<void> {
  const { problems } = await loadConfig(file);
  if (problems.length === 0) return;
  throw new CliError(
    `the configuration is not valid, and nothing was started:\n${problems.map((problem) => `  ${formatProblem(file, problem)}`).join('\n')}`,
  );
}

async function writeCharonFiles(runDir: string, { identities }: Rights): Promise<void> {
  const { strongswanConf: file, viciSocket } = runFiles(runDir);
  await rm(file, { force: true });
  await writeFile(file, strongswanConf({ runDir, viciSocket, logFile: null, level: 1 }), {
    mode: 0o600,
  });
  const gid = identities.get('charon')?.gid ?? 0;
  await chown(file, 0, gid);
  await chmod(file, gid === 0 ? 0o600 : 0o640);
}

function upLogger(runDir: string): Logger {
  const { upLog } = runFiles(runDir);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const fd = openSync(upLog, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  const destination = createWriteStream(upLog, { fd });
  // Its processes are supervised all the same.
  destination.on('error', (error) =>
    say(`${upLog} cannot be written, so nothing is logged: ${error.message}`),
  );
  return createLogger({ name: 'up', destination });
}

async function supervise(paths: GatewayPaths, rights: Rights, log: Logger): Promise<void> {
  const { runDir, configFile } = paths;
  const { identities } = rights;
  const owners = PROCESS_NAMES.map((name) => ({ name, identity: identities.get(name) ?? null }));
  await takeOverRunFiles(runDir, owners, log);
  const readers = identities.get('mgmt') ?? null;
  giveLogs(runDir, readers?.gid ?? 0);
  shareCaptures(runDir, identities.get('dataplane') ?? null, readers);
  if (identities.size > 0) openNamespaceDirectory();
  const restart = (name: string): boolean => endProcess(runDir, name);
  const service = await RootService.listen({ configFile, runDir, log, askers: identities, restart });
  const supervisor = new Supervisor({ runDir, log, processes: processSpecs(paths, rights, log) });
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
    await service.close();
  }
  say('stopped');
}

/** The supervisor starts it again. */
function endProcess(runDir: string, name: string): boolean {
  if (!PROCESS_NAMES.some((one) => one === name)) return false;
  const running = new PidFile(runDir, name).read();
  return running !== null && signalProcess(running, 'SIGTERM');
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
