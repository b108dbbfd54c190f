// The process `sluice-dataplane --run-dir DIR`.
import { warmThreads } from './control/threads.js';

// Before anything else is loaded, so that all load at the same time.
warmThreads();
await import('./process.js');
