// The process `sluice-mgmt --run-dir DIR`.
import { parseArgs } from 'node:util';
import { DEFAULT_RUN_DIR } from '@sluice/agent';
import { createLogger, endBySignal } from '@sluice/shared';
import { ManagementDaemon } from './daemon.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: DEFAULT_RUN_DIR } } });
const log = createLogger({ name: 'mgmt' });
const daemon = new ManagementDaemon(values['run-dir'], log);
endBySignal(daemon, log);
