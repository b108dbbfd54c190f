// Child processes of the set-up: signals reach them, and what they print is shown or kept.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { Interrupted } from './say.mjs';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [capture] Keep the output instead of showing it.
 *
 * @typedef {object} RunResult
 * @property {number} code Exit code; 128 + the signal's number when a signal ended it, 127 when it does not exist.
 * @property {string} output Standard output and error together, when captured.
 */

/** @type {NodeJS.Signals[]} */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command to its end. A signal to this process is passed on, and thrown as Interrupted once the child is gone.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    /** @type {NodeJS.Signals | null} */
    let interruptedBy = null;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      interruptedBy = signal;
      child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const finish = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };

    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', (error) => {
      finish();
      if ('code' in error && error.code === 'ENOENT')
        resolve({ code: 127, output: `${command}: not found\n` });
      else reject(error);
    });
    child.on('close', (code, signal) => {
      finish();
      if (interruptedBy) reject(new Interrupted(128 + constants.signals[interruptedBy]));
      else resolve({ code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], output });
    });
  });
}
