// The process `sluice-dhcpd --run-dir DIR --state-dir DIR`.
import { parseArgs } from 'node:util';
import { createLogger, endBySignal, messageOf, prepareRunDir } from '@sluice/shared';
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
  endBySignal(await DhcpServer.start({ runDir, stateDir, log }), log);
  log.info('ready');
} catch (error) {
  log.fatal({ error: messageOf(error) }, 'the DHCP server cannot start');
  process.exit(1);
}
