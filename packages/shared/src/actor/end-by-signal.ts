// How the process of an actor ends in order.
import type { Logger } from '../log.js';
import { messageOf } from './errors.js';

/**
 * At the first SIGTERM or SIGINT, closes what the process is there for and ends it: with exit code 0, or with 1 and a
 * line in the log when it could not be closed.
 */
export function endBySignal(closable: { close(): Promise<void> }, log: Logger): void {
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) return;
    ending = true;
    log.info({ signal }, 'ending');
    closable.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'could not end in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
