// Text that others have chosen, fit for a terminal.

/** Control characters but the tabulator are shown as "·". */
export function printable(line: string): string {
  return line.replace(/[^\t\P{Cc}]/gu, '·');
}
