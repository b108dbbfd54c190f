// A place in a configuration, and how it is written.
import type { ConfigProblem } from '@sluice/shared';

export type ConfigPath = readonly (string | number)[];

/** `interfaces[0].addresses[1]`; the whole configuration is the empty string. */
export function formatPath(path: ConfigPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

/** A problem of the file as a whole. */
export function fileProblem(message: string): ConfigProblem {
  return { path: '', line: null, column: null, message };
}

/** `branch.yaml:12:5: interfaces[0].mtu: at least 68 (RFC 791)` */
export function formatProblem(file: string, problem: ConfigProblem): string {
  const place = problem.line === null ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  return [place, problem.path, problem.message].filter((part) => part !== '').join(': ');
}
