// npm run bench: all set-up, the peers from Debian, then the benchmarks. `npm run bench -- NAME… --json FILE` runs a part.
import process from 'node:process';
import { BENCH_LIST, installDebianPackages } from './debian.mjs';
import { withLock } from './lock.mjs';
import { ROOT, STATE_DIR } from './paths.mjs';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { runMain } from './say.mjs';

await runMain(async () => {
  await prepare({ quiet: true });
  await withLock(`${STATE_DIR}/lock`, () => installDebianPackages(BENCH_LIST));
  const args = ['--enable-source-maps', `${ROOT}/bench/dist/src/main.js`, ...process.argv.slice(2)];
  const { code } = await run(process.execPath, args, { cwd: ROOT });
  process.exitCode = code;
});
