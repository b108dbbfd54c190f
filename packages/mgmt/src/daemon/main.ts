// The process `sluice-mgmt --run-dir DIR [--state-dir DIR]`.
import { parseArgs } from 'node:util';
import { DEFAULT_RUN_DIR, defaultStateDir } from '@sluice/agent';
import { createLogger, endBySignal } from '@sluice/shared';
import { ManagementDaemon } from './daemon.js';

const { values } = parseArgs({
  options: { 'run-dir': { type: 'string', default: DEFAULT_RUN_DIR }, 'state-dir': { type: 'string' } },
});
const runDir = values['run-dir'];
const log = createLogger({ name: 'mgmt' });
const daemon = new ManagementDaemon(runDir, values['state-dir'] ?? defaultStateDir(runDir), log);
endBySignal(daemon, log);
