// The process `sluice-ike-bridge --run-dir DIR`.
import { parseArgs } from 'node:util';
import { createLogger, endBySignal, messageOf } from '@sluice/shared';
import { Bridge } from './bridge.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: '/run/sluice' } } });
const log = createLogger({ name: 'ike-bridge' });

try {
  const bridge = await Bridge.start({ runDir: values['run-dir'], log });
  endBySignal(bridge, log);
  log.info('ready');
} catch (error) {
  log.fatal({ error: messageOf(error) }, 'the IKE bridge cannot start');
  process.exit(1);
}
