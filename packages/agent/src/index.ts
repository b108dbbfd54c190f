// The device's one configuration: read, validated, compared, and given to each process.
export { Agent, type AgentOptions } from './agent.js';
export { type Committed, ConfigStore } from './config-store.js';
export { diffConfigs } from './diff.js';
export { configJsonSchema } from './json-schema.js';
export { checkConfig, type LoadResult, loadConfig } from './load/load.js';
export { nearest } from './load/nearest.js';
export { formatProblem } from './load/problem.js';
export { REVISIONS_KEPT } from './revisions.js';
export { dataplanePart, ikePart } from './split.js';
export { DEFAULT_RUN_DIR, defaultStateDir } from './state-dir.js';
export { writeDurably } from './write-durably.js';
