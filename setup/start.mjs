// npm start: all set-up, then the demo network. `npm start -- --once` ends by itself, with 0 when traffic passed.
import process from 'node:process';
import { prepare } from './prepare.mjs';
import { runMain } from './say.mjs';

await runMain(async () => {
  await prepare({ quiet: true });
  process.setSourceMapsEnabled(true);
  // The demo runs in this process, so that Ctrl-C and SIGTERM reach it at first hand; it handles both.
  const { runDemo } = await import('@sluice/lab');
  process.exitCode = await runDemo({ once: process.argv.includes('--once') });
});
