// All benchmarks, in the order in which they run and are reported.
import type { Benchmark } from '../benchmark.js';
import { espAlgorithms } from './esp/algorithms.js';
import { forwardFeatures } from './forward/features.js';
import { forwardPlain } from './forward/plain.js';
import { memoryPorts } from './forward/ports.js';

export const BENCHMARKS: readonly Benchmark[] = [forwardPlain, forwardFeatures, espAlgorithms, memoryPorts];
