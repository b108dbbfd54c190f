// Where a device keeps what outlives its processes.

/** The run directory of a device that has the machine to itself. */
export const DEFAULT_RUN_DIR = '/run/sluice';

/** The device's own is on disk; a device in another run directory (a lab's) keeps its state beside its sockets. */
export function defaultStateDir(runDir: string): string {
  return runDir === DEFAULT_RUN_DIR ? '/var/lib/sluice' : `${runDir}/state`;
}
