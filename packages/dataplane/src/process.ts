// The process once its threads load: its options, its log, its actor, and how it ends.
import { parseArgs } from 'node:util';
import { createLogger, prepareRunDir } from '@sluice/shared';
import { DataplaneActor } from './control/dataplane-actor.js';

const { values } = parseArgs({ options: { 'run-dir': { type: 'string', default: '/run/sluice' } } });
const log = createLogger({ name: 'dataplane' });
const runDir = values['run-dir'];
prepareRunDir(runDir);

let ending = false;

/** Whoever started this process starts it again: without its workers there is nothing to go on with. */
function died(error: Error): void {
  log.fatal({ err: error }, 'the data plane cannot go on');
  process.exit(1);
}

const actor = await DataplaneActor.start({ runDir, log, died });

function end(signal: NodeJS.Signals): void {
  if (ending) return;
  ending = true;
  log.info({ signal }, 'ending');
  actor.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'could not end in order');
      process.exit(1);
    },
  );
}

process.on('SIGTERM', end);
process.on('SIGINT', end);
process.on('uncaughtException', died);
process.on('unhandledRejection', (reason) =>
  died(reason instanceof Error ? reason : new Error(String(reason))),
);
