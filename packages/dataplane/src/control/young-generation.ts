// The size of young generations (V8's semi-spaces).
import { setFlagsFromString } from 'node:v8';

/**
 * Has young generations stay as large as they are: while modules load they would grow to 16 MiB and more for each
 * thread, which little is made in afterwards. V8 sets this back for the whole process whenever a thread's heap is made.
 */
export function keepYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
