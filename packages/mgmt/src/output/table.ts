// Tables for terminals: a heading, columns as wide as they need, figures to the right.

export interface Column<Row> {
  heading: string;
  align?: 'left' | 'right';
  cell(row: Row): string;
}

/** The lines of a table, each with a newline; `empty` when there is nothing to show. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty: string,
): string {
  if (rows.length === 0) return `${empty}\n`;
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  return cells
    .map((line) => {
      const padded = line.map((text, i) =>
        columns[i]!.align === 'right' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!),
      );
      return `${padded.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Shorthands for a column of text, and one of figures. */
export function text<Row>(heading: string, cell: (row: Row) => string | null): Column<Row> {
  return { heading, cell: (row) => cell(row) ?? '-' };
}

export function figure<Row>(heading: string, cell: (row: Row) => string): Column<Row> {
  return { heading, align: 'right', cell };
}
