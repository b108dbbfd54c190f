// The benchmarks' command line; `npm run bench` sets everything up and then runs it.
//
//   npm run bench [-- NAME… --json FILE --rounds N --write --quick --list]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { InterruptedError, runWithCleanup } from '@sluice/lab';
import { BENCHMARKS } from './benchmarks/index.js';
import { writePerformance } from './report/markdown.js';
import { mergeResults, readResults, writeResults } from './report/results.js';
import { printTable } from './report/table.js';
import { isPart } from './run/context.js';
import { ROOT } from './run/root.js';
import { runBenchmarks } from './run/run.js';

const ROUNDS = 7;

const HELP = `npm run bench [-- NAME… OPTIONS]
  NAME            run what begins with it: forward, esp/seal-aes-gcm-128-1400
  --json FILE     write the rows to a file, - for standard output
  --rounds N      rounds of each side, ${ROUNDS} unless said otherwise
  --write         put the rows into docs/performance.md and bench/results.json
  --quick         only show that everything runs: the figures mean nothing
  --list          print the names`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string' },
      write: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const names = BENCHMARKS.flatMap((benchmark) => benchmark.names);
  if (values.help) return print(HELP);
  if (values.list) return print(names.join('\n'));
  const unknown = positionals.find((wanted) => !names.some((name) => isPart(name, wanted)));
  if (unknown !== undefined) throw new UsageError(`no benchmark is called "${unknown}": --list names them`);
  if (values.write && values.quick)
    throw new UsageError('a quick run measures nothing that --write may keep');
  const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError('--rounds takes a whole number from 1 on');

  // The table may be redirected: how far it is goes to the terminal.
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { rows, failures } = await runBenchmarks(BENCHMARKS, {
    names: positionals,
    rounds,
    quick: values.quick,
    say,
  });
  if (rows.length > 0 && values.json !== '-') print(printTable(rows));
  if (values.json === '-') print(JSON.stringify(rows, null, 2));
  else if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  if (values.write && rows.length > 0) {
    const file = `${ROOT}/bench/results.json`;
    const merged = mergeResults(readResults(file), rows, names);
    writeResults(file, merged);
    const page = `${ROOT}/docs/performance.md`;
    writePerformance(page, merged, BENCHMARKS);
    // As the check of the whole repository wants them.
    execFileSync(`${ROOT}/node_modules/.bin/biome`, ['format', '--write', file, page], { stdio: 'ignore' });
  }
  for (const failure of failures) say(`failed: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

class UsageError extends Error {}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  // Networks that benchmarks have made are gone whatever ends this.
  await runWithCleanup(main);
} catch (error) {
  if (error instanceof InterruptedError) process.exit(error.exitCode);
  if (!(error instanceof UsageError) && !(error instanceof TypeError && 'code' in error)) throw error;
  process.stderr.write(`bench: ${error.message}\n${HELP}\n`);
  process.exitCode = 2;
}
