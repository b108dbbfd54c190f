// The process `sluice-dataplane --run-dir DIR`.
import { currentBundle } from './bundle/current.js';
import { launchFromBundle, warmThreads } from './control/launch.js';

// Coverage is counted by the files of the compiler.
const bundle = process.env.NODE_V8_COVERAGE === undefined ? currentBundle() : null;
if (bundle !== null) launchFromBundle(bundle);
// Before anything else is loaded, so that all load at the same time.
warmThreads();
await import(bundle === null ? './process.js' : new URL('process.mjs', bundle).href);
