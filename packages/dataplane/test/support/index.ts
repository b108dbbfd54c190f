// What tests and benchmarks of other packages take of the data plane's inside: its parts, and tables made of a description.

export { compileAtCalls } from '../../src/control/compilation.js';
export { Features } from '../../src/control/features.js';
export { setMssClamp } from '../../src/control/mss-clamp.js';
export type { Port } from '../../src/drivers/port.js';
export { VECTOR_MAX } from '../../src/graph/frame.js';
export { GRAPH } from '../../src/graph/graph.js';
export { FLOW_METER_BIT, VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
export { PACKET_START, PacketPool } from '../../src/memory/packet-pool.js';
export { SpscRing } from '../../src/memory/spsc-ring.js';
export { closeFd, eventOpen, pinThread } from '../../src/native/index.js';
export { ESP_JOB_WORDS, writeEspJob } from '../../src/tables/esp-job.js';
export { FibBuilder } from '../../src/tables/fib-builder.js';
export * as SA from '../../src/tables/security-associations.js';
export { loadUserFile } from '../../src/user-nodes/load.js';
export { Forwarder } from '../../src/workers/forwarder.js';
export { PACKET_MASK } from '../../src/workers/packet-rings.js';
export { allocateSharedMemory, type SharedMemory } from '../../src/workers/shared-memory.js';
export { SaBench, spec as saSpec } from '../control/support/sa-bench.js';
export { BenchControl, type BenchTables } from './bench-tables.js';
export type { EspSa } from './esp.js';
export { makeEngine, type TestCrypto } from './esp-crypto-engines.js';
export { hex } from './packets.js';
