// The process `sluice-ike-bridge --run-dir DIR`.
import { parseArgs } from 'node:util';
import { createLogger, messageOf } from '@sluice/shared';
import { Bridge } from './bridge.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: '/run/sluice' } } });
const log = createLogger({ name: 'ike-bridge' });

try {
  const bridge = await Bridge.start({ runDir: values['run-dir'], log });
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) return;
    ending = true;
    log.info({ signal }, 'ending');
    bridge.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'could not end in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  log.info('ready');
} catch (error) {
  log.fatal({ error: messageOf(error) }, 'the IKE bridge cannot start');
  process.exit(1);
}
