// sluice-agent: the agent as a process.
import { parseArgs } from 'node:util';
import { createLogger, messageOf } from '@sluice/shared';
import { Agent } from './agent.js';
import { defaultStateDir } from './state-dir.js';

const USAGE = 'usage: sluice-agent --config FILE --run-dir DIR [--state-dir DIR]';

function readOptions(): { configFile: string; runDir: string; stateDir: string } {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      'run-dir': { type: 'string' },
      'state-dir': { type: 'string' },
    },
  });
  const { config, 'run-dir': runDir, 'state-dir': stateDir } = values;
  if (config === undefined || runDir === undefined) throw new Error(USAGE);
  return { configFile: config, runDir, stateDir: stateDir ?? defaultStateDir(runDir) };
}

const log = createLogger({ name: 'agent' });

try {
  const agent = await Agent.start({ ...readOptions(), log });
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    agent.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'not stopped in order');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('SIGHUP', () => {
    agent.reload().catch((error: unknown) => log.error({ error: messageOf(error) }, 'reload failed'));
  });
  log.info('ready');
} catch (error) {
  process.stderr.write(`sluice-agent: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
