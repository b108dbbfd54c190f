// What a bundle does before anything else of it.
import { keepYoungGeneration } from '../control/young-generation.js';
import { mapStackTraces } from './stack-traces.js';

/** @param bundle URL of the file that it is in. */
export function begin(bundle: string): void {
  mapStackTraces(bundle);
  // A thread that has just begun has set it back; and one that runs a whole bundle does not hear of others in between.
  keepYoungGeneration();
}
