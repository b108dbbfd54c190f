// npm test: all set-up, then format, lint and types, then every package's tests. `npm test -- dataplane` runs a part,
// `--coverage` reports how much of the code ran. The last line is always "N passed, N failed".
import { rmSync } from 'node:fs';
import process from 'node:process';
import { buildPackages } from './build.mjs';
import { findLeftovers, RUN_MARK, takeBaseline } from './leftovers.mjs';
import { withLock } from './lock.mjs';
import { PACKAGES, ROOT, STATE_DIR } from './paths.mjs';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { Interrupted, runMain, SetupError, say } from './say.mjs';
import { runSuite } from './suite.mjs';

/** @typedef {import('./suite.mjs').Outcome} Outcome */

/**
 * Which packages the command line names; all when it names none.
 * @param {string[]} names
 */
export function choosePackages(names) {
  const known = PACKAGES.map((path) => path.replace('packages/', ''));
  for (const name of names) {
    if (!known.includes(name)) {
      throw new SetupError(`there is no package "${name}" to test: choose of ${known.join(', ')}.`);
    }
  }
  return PACKAGES.filter((path) => names.length === 0 || names.includes(path.replace('packages/', '')));
}

/**
 * A step that counts as one test: it passes when it returns, and fails with its SetupError's sentence.
 * @param {string} title
 * @param {() => Promise<void>} step
 * @returns {Promise<Outcome>}
 */
async function asOneTest(title, step) {
  say(`\n  ${title}`);
  try {
    await step();
    return { passed: 1, failures: [] };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { passed: 0, failures: [{ title, message: error.message }] };
  }
}

async function checkFormat() {
  const { code } = await run(`${ROOT}/node_modules/.bin/biome`, ['check', '.'], { cwd: ROOT });
  if (code !== 0) throw new SetupError('biome found fault: npm run format mends most of it.');
}

async function checkTypes() {
  await withLock(`${STATE_DIR}/lock`, buildPackages);
  const { code } = await run(`${ROOT}/node_modules/.bin/tsc`, ['-p', 'setup'], { cwd: ROOT });
  if (code !== 0) throw new SetupError('the types of setup/ do not fit.');
}

/** @param {string[]} args */
async function runTests(args) {
  const coverage = args.includes('--coverage');
  const names = args.filter((argument) => argument !== '--coverage');
  const chosen = choosePackages(names);
  await prepare({ quiet: true, build: false });

  const mark = `${process.pid}-${Date.now()}`;
  const baseline = await takeBaseline();
  /** @type {NodeJS.ProcessEnv} */
  const environment = { ...process.env, [RUN_MARK]: mark };
  if (coverage) {
    rmSync(`${ROOT}/coverage`, { recursive: true, force: true });
    environment.NODE_V8_COVERAGE = `${ROOT}/coverage/tmp`;
  }

  const outcomes = [];
  if (names.length === 0) outcomes.push(await asOneTest('format and lint', checkFormat));
  const types = await asOneTest('native build and types', checkTypes);
  outcomes.push(types);
  if (types.failures.length === 0) {
    for (const path of chosen) {
      say(`\n${path}`);
      outcomes.push(await runSuite(path, environment));
    }
    outcomes.push(
      await asOneTest('nothing is left behind', async () => {
        const left = await findLeftovers(baseline, mark);
        if (left.length > 0) throw new SetupError(left.join('; '));
      }),
    );
  }
  if (coverage) await reportCoverage();
  report(outcomes);
}

async function reportCoverage() {
  const args = [
    'report',
    '--temp-directory',
    'coverage/tmp',
    '--reports-dir',
    'coverage',
    '--exclude',
    '**/test/**',
  ];
  await run(`${ROOT}/node_modules/.bin/c8`, [...args, '-r', 'text-summary', '-r', 'html'], { cwd: ROOT });
  say('coverage by file: coverage/index.html');
}

/** @param {Outcome[]} outcomes */
function report(outcomes) {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  if (failures.length > 0) {
    say('\nFailed:');
    for (const { title, message } of failures) say(`  ${title}\n    ${message}`);
  }
  process.exitCode = failures.length > 0 ? 1 : 0;
  say(`\n${passed} passed, ${failures.length} failed`);
}

await runMain(async () => {
  try {
    await runTests(process.argv.slice(2));
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    // Whoever counts must not take a run that never began for one without failures.
    process.stderr.write(`sluice: ${error instanceof SetupError ? error.message : String(error)}\n`);
    process.exitCode = 1;
    say('0 passed, 1 failed');
  }
});
