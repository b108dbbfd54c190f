// How fast a core is at the moment: bench/reference/gauge.c, pinned to it.
import type { Side } from '../benchmark.js';
import { FIRST } from './first.js';
import { programSide } from './program-side.js';
import { reference } from './reference.js';

/** A round is a millisecond or two; its value is nanoseconds that a fixed piece of work took. */
export function gauge(core: number): Side {
  return programSide({ name: 'gauge.c', command: [reference('gauge')], core, within: FIRST });
}
