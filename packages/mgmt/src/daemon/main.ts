// The process `sluice-mgmt --run-dir DIR`.
import { parseArgs } from 'node:util';
import { DEFAULT_RUN_DIR } from '@sluice/agent';
import { createLogger } from '@sluice/shared';
import { ManagementDaemon } from './daemon.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: DEFAULT_RUN_DIR } } });
const log = createLogger({ name: 'mgmt' });
const daemon = new ManagementDaemon(values['run-dir'], log);
let ending = false;

function end(signal: NodeJS.Signals): void {
  if (ending) return;
  ending = true;
  log.info({ signal }, 'ending');
  daemon.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'could not end in order');
      process.exit(1);
    },
  );
}

process.on('SIGTERM', end);
process.on('SIGINT', end);
