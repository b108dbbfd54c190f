// `npm run faults -w test -- --seconds 600 --seed 7`: the test of faults for as long, and by the schedule, as one wants.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } },
});
for (const [name, value] of Object.entries(values))
  if (!/^\d+$/.test(String(value))) throw new Error(`--${name} ${value}: give a whole number`);

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const test = fileURLToPath(new URL('resilience/faults.test.js', import.meta.url));
const child = spawn(
  process.execPath,
  [
    mocha,
    '--no-config',
    '--require',
    '@sluice/shared/test-support',
    '--node-option',
    'enable-source-maps',
    test,
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      SLUICE_FAULT_SECONDS: values.seconds,
      ...(values.seed === undefined ? {} : { SLUICE_SEED: values.seed }),
    },
  },
);
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
