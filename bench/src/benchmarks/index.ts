// All benchmarks, in the order in which they run and are reported.
import type { Benchmark } from '../benchmark.js';
import { forwardIp4 } from './forward/ip4.js';

export const BENCHMARKS: readonly Benchmark[] = [forwardIp4];
