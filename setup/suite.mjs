// One package's tests: a mocha process with its figures, its crash, or its hanging.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import process from 'node:process';
import { ROOT, STATE_DIR } from './paths.mjs';
import { Interrupted } from './say.mjs';
import { filesIn } from './stamp.mjs';

/**
 * @typedef {object} Failure
 * @property {string} title
 * @property {string} message First line of what went wrong.
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {Failure[]} failures
 */

/** Longer than any one test may take, by .mocharc.json or by itself: silence for so long is a hang. */
const SILENCE_LIMIT_MS = 420_000;

/** What a process may take to end by itself after its last test; open handles keep it longer. */
const EXIT_LIMIT_MS = 20_000;

/**
 * Runs the tests of a package.
 * @param {string} path Such as packages/agent.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Outcome>}
 */
export async function runSuite(path, environment) {
  const hasTests = filesIn(`${ROOT}/${path}`).some((file) => file.endsWith('.test.ts'));
  if (!hasTests) return { passed: 0, failures: [] };

  mkdirSync(STATE_DIR, { recursive: true });
  const resultsFile = `${STATE_DIR}/results-${process.pid}-${path.replace('/', '-')}.json`;
  rmSync(resultsFile, { force: true });
  try {
    const ending = await runMocha(path, environment, resultsFile);
    return judge(path, readResults(resultsFile), ending);
  } finally {
    rmSync(resultsFile, { force: true });
  }
}

/**
 * @typedef {Outcome & { ended: boolean }} Results
 * @typedef {{ code: number | null, signal: string | null, stopped: string | null }} Ending
 */

/**
 * @param {string} file
 * @returns {Results | null}
 */
function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/**
 * What a mocha process's figures and end amount to.
 * @param {string} path
 * @param {Results | null} results
 * @param {Ending} ending
 * @returns {Outcome}
 */
export function judge(path, results, ending) {
  const passed = results?.passed ?? 0;
  const failures = [...(results?.failures ?? [])];
  /** @param {string} message */
  const fail = (message) => failures.push({ title: `${path} (the whole run)`, message });

  if (ending.stopped !== null) fail(ending.stopped);
  else if (!results?.ended) fail(`mocha ended early, ${describe(ending)}: see its output above`);
  else if (failures.length === 0 && ending.code !== 0)
    fail(`mocha failed after its tests, ${describe(ending)}`);
  else if (failures.length === 0 && passed === 0) fail('it has test files, and no test ran');
  return { passed, failures };
}

/** @param {Ending} ending */
function describe(ending) {
  return ending.signal === null ? `with exit code ${ending.code}` : `by ${ending.signal}`;
}

/**
 * @param {string} path
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} resultsFile
 * @returns {Promise<Ending>}
 */
function runMocha(path, environment, resultsFile) {
  const mocha = `${ROOT}/node_modules/mocha/bin/mocha.js`;
  const reporter = [`${ROOT}/setup/mocha-reporter.cjs`, '--reporter-option', `file=${resultsFile}`];
  const args = [mocha, '--config', `${ROOT}/.mocharc.json`, '--reporter', ...reporter];
  // mocha runs the tests in a child of its own: a process group lets a signal reach both.
  const child = spawn(process.execPath, args, {
    cwd: `${ROOT}/${path}`,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  /** @type {string | null} */
  let stopped = null;
  /** @type {NodeJS.Signals | null} */
  let interruptedBy = null;

  /** @param {NodeJS.Signals} signal */
  const signalGroup = (signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      // The group may have ended in the meantime.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  /** @param {string} reason */
  const stop = (reason) => {
    stopped = reason;
    signalGroup('SIGKILL');
  };

  let lastOutput = Date.now();
  /** @type {number | null} */
  let endedAt = null;
  const watch = setInterval(() => {
    if (endedAt === null && readResults(resultsFile)?.ended) endedAt = Date.now();
    if (endedAt !== null && Date.now() - endedAt > EXIT_LIMIT_MS) {
      stop('all its tests have run, but something that they left open keeps mocha from ending');
    } else if (Date.now() - lastOutput > SILENCE_LIMIT_MS) {
      stop(`nothing was heard of it for ${SILENCE_LIMIT_MS / 1000} s`);
    }
  }, 1000);

  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    interruptedBy = signal;
    signalGroup(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);

  return new Promise((resolve, reject) => {
    const finish = () => {
      clearInterval(watch);
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
    };
    child.stdout.on('data', (chunk) => {
      lastOutput = Date.now();
      process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk) => {
      lastOutput = Date.now();
      process.stderr.write(chunk);
    });
    child.on('error', (error) => {
      finish();
      reject(error);
    });
    // Not 'close': a process that a test leaves behind may hold the pipes open for ever.
    child.on('exit', (code, signal) => {
      finish();
      if (interruptedBy) reject(new Interrupted(interruptedBy === 'SIGINT' ? 130 : 143));
      else resolve({ code, signal, stopped });
    });
  });
}
