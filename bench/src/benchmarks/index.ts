// All benchmarks, in the order in which they run and are reported.
import type { Benchmark } from '../benchmark.js';
import { forwardPlain } from './forward/plain.js';

export const BENCHMARKS: readonly Benchmark[] = [forwardPlain];
