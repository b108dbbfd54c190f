// The process `sluice-dataplane --run-dir DIR`.
import { warmWorker } from './control/threads.js';

// Before anything else is loaded, so that all load at the same time.
warmWorker();
await import('./process.js');
