// What Linux was given to send, at the end of a process: it goes by a twin, the host-I/O thread and a worker.
import type { Threads } from '../threads.js';

/**
 * Resolves when what Linux had for its twins before has been taken to the workers, and from there to the ports: each
 * thread has gone round its loop since. The second answer of a thread comes from a later turn than the first.
 */
export async function hasLeft({ hostIo, workers }: Pick<Threads, 'hostIo' | 'workers'>): Promise<void> {
  for (const ask of [() => hostIo.figures(), ...workers.map((worker) => () => worker.userNodeFaults())]) {
    await ask();
    await ask();
  }
}
