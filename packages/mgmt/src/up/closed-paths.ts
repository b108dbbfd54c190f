// Files that only cap_dac_override opens to root: those in somebody's home directory, say, where a clone may be.
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/** As test(1) asks: to read, to write, to enter. */
export type Use = 'r' | 'w' | 'x';

const MODES: Record<Use, number> = { r: constants.R_OK, w: constants.W_OK, x: constants.X_OK };
const ASK = 'while [ $# -gt 1 ]; do [ "-$1" "$2" ] || printf "%s\\0" "$2"; shift 2; done';

/**
 * Of the paths that this process may use so, those that it could not without capabilities.
 *
 * @param plain A command line that runs another without capabilities.
 */
export function closedPaths(
  wanted: readonly (readonly [Use, string])[],
  plain: (argv: readonly string[]) => string[],
): string[] {
  const [command = '', ...args] = plain(['sh', '-c', ASK, 'sh', ...wanted.filter(mayUse).flat()]);
  const closed = execFileSync(command, args, { encoding: 'utf8' }).split('\0').filter(Boolean);
  return [...new Set(closed)];
}

function mayUse([use, path]: readonly [Use, string]): boolean {
  try {
    accessSync(path, MODES[use]);
    return true;
  } catch {
    return false; // nobody can: who needs it says so
  }
}
