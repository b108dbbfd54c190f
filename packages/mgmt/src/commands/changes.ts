// Changes and problems of a configuration, a line each.
import type { ConfigChange, ConfigProblem } from '@sluice/shared';

export function renderChange({ kind, path, before, after }: ConfigChange): string {
  if (kind === 'added') return `+ ${path}: ${after}`;
  if (kind === 'removed') return `- ${path}: ${before}`;
  return `~ ${path}: ${before} → ${after}`;
}

export function renderProblems(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ path, line, column, message }) => {
    const place = line === null ? '' : `${line}:${column ?? 1}: `;
    return `  ${place}${path === '' ? '' : `${path}: `}${message}`;
  });
}

/** A line each, for beside the output. */
export function renderWarnings(warnings: readonly string[]): string {
  return warnings.map((warning) => `warning: ${warning}\n`).join('');
}
