// The labs of this process, so that whatever ends it can end them.
import { messageOf } from '@sluice/shared';
import { removeLab } from './system/remove.js';

/** What the registry needs of a lab. */
export interface Stoppable {
  readonly id: string;
  stop(): Promise<unknown>;
}

const live = new Set<Stoppable>();
let watchingExit = false;

export function register(lab: Stoppable): void {
  live.add(lab);
  if (watchingExit) return;
  watchingExit = true;
  // The last resort, for process.exit() and errors that nobody caught: nothing asynchronous runs any more.
  process.on('exit', removeAllNow);
}

export function unregister(lab: Stoppable): void {
  live.delete(lab);
}

/** Stops every lab of this process. Throws AggregateError when some would not go, after trying all. */
export async function stopAll(): Promise<void> {
  const outcomes = await Promise.allSettled([...live].map((lab) => lab.stop()));
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join('; '));
}

function removeAllNow(): void {
  for (const { id } of live) {
    try {
      removeLab(id);
    } catch (error) {
      process.stderr.write(`lab ${id} could not be removed: ${messageOf(error)}\n`);
    }
  }
}
