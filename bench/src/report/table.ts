// The results as a table for a terminal.
import type { Target } from '../benchmark.js';
import type { Row } from '../run/row.js';

const HEAD = ['', 'median', 'min–max', 'unit', 'beside', 'median', 'min–max', 'ratio', 'target', ''];
const NUMBERS = new Set([1, 2, 5, 6, 7]);

export function printTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, column, widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, column: number, width: number): string {
  return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width);
}

/** The cells of a row, as the terminal and docs/performance.md have them. */
export function cells(row: Row): string[] {
  return [
    row.name,
    String(row.value),
    `${row.spread[0]}–${row.spread[1]}`,
    row.unit,
    row.peer ?? '',
    row.peerValue === null ? '' : String(row.peerValue),
    row.peerSpread === null ? '' : `${row.peerSpread[0]}–${row.peerSpread[1]}`,
    row.ratio === null ? '' : row.ratio.toFixed(2),
    row.target === null ? '' : targetText(row.target, row),
    row.reached === null ? '' : row.reached ? 'reached' : 'missed',
  ];
}

export function targetText(target: Target, { better }: Pick<Row, 'better'>): string {
  const parts: string[] = [];
  if (target.value !== undefined) parts.push(`${better === 'lower' ? '≤' : '≥'} ${target.value}`);
  if (target.ratio !== undefined) parts.push(`ratio ≥ ${target.ratio}`);
  return parts.join(', ');
}
