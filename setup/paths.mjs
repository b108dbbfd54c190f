// Where things are in a clone.
import { fileURLToPath } from 'node:url';

/** The root of the clone, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** What set-up remembers between runs; ignored by git, safe to delete. */
export const STATE_DIR = `${ROOT}/.setup`;

/** The packages in the order in which they are built and tested: what others stand on comes first. */
export const PACKAGES = [
  'packages/shared',
  'packages/dataplane',
  'packages/ike-bridge',
  'packages/agent',
  'packages/lab',
  'packages/dhcpd',
  'packages/mgmt',
  'bench',
  'test',
];
