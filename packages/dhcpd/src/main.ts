// The process `sluice-dhcpd --run-dir DIR --state-dir DIR`.
import { parseArgs } from 'node:util';
import { createLogger, messageOf, prepareRunDir } from '@sluice/shared';
import { DhcpServer } from './server.js';

const { values } = parseArgs({
  options: {
    'run-dir': { type: 'string', default: '/run/sluice' },
    'state-dir': { type: 'string', default: '/var/lib/sluice' },
  },
});
const log = createLogger({ name: 'dhcpd' });
const { 'run-dir': runDir, 'state-dir': stateDir } = values;

try {
  prepareRunDir(runDir);
  const server = await DhcpServer.start({ runDir, stateDir, log });
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) return;
    ending = true;
    log.info({ signal }, 'ending');
    server.close().then(
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
  log.fatal({ error: messageOf(error) }, 'the DHCP server cannot start');
  process.exit(1);
}
