// What set-up prints, and how it fails: one sentence that tells what to do, and no stack.
import process from 'node:process';

/** A failure that the person at the terminal can mend; its message is the sentence that says how. */
export class SetupError extends Error {}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs a command's main function: a SetupError ends in its sentence, anything else is a defect and keeps its stack.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  process.stdout.on('error', endWithOutput);
  try {
    await main();
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof Interrupted) process.exitCode = error.exitCode;
    else if (error instanceof SetupError) process.stderr.write(`sluice: ${error.message}\n`);
    else throw error;
  }
}

let outputLost = false;

/**
 * Output that nobody can take any more (`| head`, a full disk) ends the command as SIGTERM does: children are told,
 * and what was made is taken away.
 * @param {Error} error
 */
function endWithOutput(error) {
  if (outputLost) return; // whatever is still written on the way out fails alike
  outputLost = true;
  if (!('code' in error && error.code === 'EPIPE')) {
    process.stderr.write(`sluice: the output cannot be written: ${error.message}\n`);
  }
  process.kill(process.pid, 'SIGTERM');
}

/** A signal ended the set-up: nothing is to be said, and the exit code tells which (128 + its number). */
export class Interrupted extends Error {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super(`interrupted (${exitCode})`);
    this.exitCode = exitCode;
  }
}
