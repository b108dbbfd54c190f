// All benchmarks, in the order in which they run and are reported.
import type { Benchmark } from '../benchmark.js';
import { controlStart } from './control/start.js';
import { controlTables } from './control/tables.js';
import { espAlgorithms } from './esp/algorithms.js';
import { forwardFeatures } from './forward/features.js';
import { forwardPlain } from './forward/plain.js';
import { memoryPorts } from './forward/ports.js';
import { fragments } from './fragments/fragments.js';
import { latency } from './latency/latency.js';
import { puntRate } from './punt/rate.js';
import { scaleFlows } from './scale/flows.js';
import { scaleRoutes } from './scale/routes.js';
import { scaleSas } from './scale/sas.js';
import { scaleWorkers } from './scale/workers.js';
import { servicesDhcp } from './services/dhcp.js';
import { tunnel } from './tunnel/tunnel.js';
import { wireIp4 } from './wire/ip4.js';
import { wireTcp } from './wire/tcp.js';

export const BENCHMARKS: readonly Benchmark[] = [
  forwardPlain,
  forwardFeatures,
  espAlgorithms,
  fragments,
  memoryPorts,
  scaleWorkers,
  scaleRoutes,
  scaleSas,
  scaleFlows,
  wireIp4,
  wireTcp,
  tunnel,
  puntRate,
  servicesDhcp,
  latency,
  controlTables,
  controlStart,
];
