// Which core each forwarding worker is pinned to.
import { allowedCpus } from '../native/index.js';

/**
 * A core for each worker: those of the configuration, else round the cores that this process may use; null leaves it to
 * the scheduler. One worker more than cores would share a core with a pinned one: then the scheduler places all.
 * @throws Error when the configuration names a core that this process may not use.
 */
export function placeWorkers(workers: number, cpus: readonly number[] | undefined): (number | null)[] {
  const usable = allowedCpus();
  const refused = cpus?.find((cpu) => !usable.includes(cpu));
  if (refused !== undefined) {
    throw new Error(
      `dataplane.cpus names core ${refused}, which this process may not use: choose from ${usable.join(', ')}`,
    );
  }
  const allowed = cpus ?? usable;
  if (cpus === undefined && allowed.length < workers) return new Array<null>(workers).fill(null);
  return Array.from({ length: workers }, (_, i) => allowed[i % allowed.length] ?? null);
}
