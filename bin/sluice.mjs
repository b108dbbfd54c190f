#!/usr/bin/env node
// The sluice command, from the source tree.
import { existsSync } from 'node:fs';
import process from 'node:process';

const main = new URL('../packages/mgmt/dist/src/main.js', import.meta.url);

if (existsSync(main)) {
  process.setSourceMapsEnabled(true);
  await import(main.href);
} else {
  process.stderr.write('sluice: it is not built: run "npm run setup" in its source tree\n');
  process.exitCode = 1;
}
