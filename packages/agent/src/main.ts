// sluice-agent: the agent as a process.
import { parseArgs } from 'node:util';
import { createLogger, endBySignal, messageOf } from '@sluice/shared';
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
  endBySignal(agent, log);
  process.on('SIGHUP', () => {
    agent.reload().catch((error: unknown) => log.error({ error: messageOf(error) }, 'reload failed'));
  });
  log.info('ready');
} catch (error) {
  process.stderr.write(`sluice-agent: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
