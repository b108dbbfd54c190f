// `npm run faults -w test -- --seconds 600 --seed 7`: the test of faults for as long, and by the schedule, as one wants.
// With `--peer strongswan` one end is Debian's charon with its own ESP.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string' },
    peer: { type: 'string', default: 'sluice' },
  },
});
const FILES: Record<string, string> = {
  sluice: 'resilience/faults.test.js',
  strongswan: 'interop/strongswan-faults.js',
};

const file = FILES[values.peer];
if (file === undefined)
  throw new Error(`--peer ${values.peer}: give one of ${Object.keys(FILES).join(', ')}`);
const { seconds, seed } = values;
for (const [name, value] of Object.entries({ seconds, ...(seed === undefined ? {} : { seed }) }))
  if (!/^\d+$/.test(String(value))) throw new Error(`--${name} ${value}: give a whole number`);

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const test = fileURLToPath(new URL(file, import.meta.url));
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
      SLUICE_FAULT_SECONDS: seconds,
      ...(seed === undefined ? {} : { SLUICE_SEED: seed }),
    },
  },
);
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
