// The data plane's one public entry: what tests and benchmarks of other packages may use of it.
export { DataplaneActor, type DataplaneActorOptions } from './control/dataplane-actor.js';
