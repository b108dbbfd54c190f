// runDemo: the whole demo as one call, from a bare machine back to a bare machine.
import { messageOf } from '@sluice/shared';
import { Lab } from '../lab.js';
import { InterruptedError, runWithCleanup } from '../run-with-cleanup.js';
import { type Output, Screen } from './screen.js';
import { introduce, runSteps } from './steps.js';

export interface DemoOptions {
  /** Ends by itself once traffic has passed both ways and been seen encrypted; else shows a live table. */
  once?: boolean;
  /** The `sluice` command; that of this source tree unless told. */
  executable?: string;
  /** Standard output unless told. */
  out?: Output;
}

/**
 * Returns the exit status: 0 when all worked (or the live table was ended by Ctrl-C or SIGTERM), 128 and the number
 * of a signal that came before, 1 when something failed, having said what and where the logs are. Never rejects.
 */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const screen = new Screen(options.out ?? process.stdout, process.env.TERM !== 'dumb');
  const once = options.once ?? false;
  const started = performance.now();
  let lab: Lab | undefined;
  let worked = false;
  try {
    await runWithCleanup(async (signal) => {
      introduce(screen);
      lab = await screen.step('Sweep what an earlier demo may have left', () => Lab.create({ name: 'demo' }));
      const made = lab;
      // Logs are for failures, and a signal is none.
      made.keepLogs = true;
      signal.addEventListener('abort', () => {
        if (signal.reason instanceof InterruptedError) made.keepLogs = false;
      });
      await runSteps({
        ...{ lab: made, screen, signal, once, executable: options.executable },
        worked: () => {
          worked = true;
        },
      });
      made.keepLogs = false;
    });
    return succeed(screen, started);
  } catch (error) {
    if (!(error instanceof InterruptedError)) return fail(screen, error, lab);
    // What ends the live table is how the demo is meant to end.
    if (worked && !once) return succeed(screen, started);
    screen.line();
    screen.line(`The demo was ended by ${error.signal}; nothing is left behind.`);
    return error.exitCode;
  }
}

function succeed(screen: Screen, started: number): number {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  screen.line();
  screen.line(screen.style('green', `All of it worked, in ${seconds} s; nothing is left behind.`));
  return 0;
}

async function fail(screen: Screen, error: unknown, lab: Lab | undefined): Promise<number> {
  screen.line();
  const why = messageOf(error).replace(/\s+/g, ' ');
  screen.line(`${screen.style('red', 'The demo failed:')} ${why}`);
  const logs = await keptLogs(lab);
  if (logs !== null) screen.line(`Logs: ${logs}`);
  return 1;
}

/** Null when the lab did not get as far as having logs, or could not be stopped, which the error then says. */
async function keptLogs(lab: Lab | undefined): Promise<string | null> {
  try {
    return (await lab?.stop()) ?? null;
  } catch {
    // The failure of the stop is what runWithCleanup has already reported as (part of) the error shown.
    return null;
  }
}
