// The process once its threads load: its options, its log, its actor, and how it ends.
import { parseArgs } from 'node:util';
import { createLogger, endBySignal, prepareRunDir } from '@sluice/shared';
import { DataplaneActor } from './control/dataplane-actor.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: '/run/sluice' } } });
const log = createLogger({ name: 'dataplane' });
const runDir = values['run-dir'];
prepareRunDir(runDir);

/** Whoever started this process starts it again: without its workers there is nothing to go on with. */
function died(error: Error): void {
  log.fatal({ err: error }, 'the data plane cannot go on');
  process.exit(1);
}

const actor = await DataplaneActor.start({ runDir, log, died });

endBySignal(actor, log);
process.on('uncaughtException', died);
process.on('unhandledRejection', (reason) =>
  died(reason instanceof Error ? reason : new Error(String(reason))),
);
