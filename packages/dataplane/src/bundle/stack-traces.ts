// Stack traces of a bundle that name the lines of TypeScript. Node.js could do it by itself, but reads the map of a
// module when it loads it; here a table is read when the first stack trace of the bundle is looked at.
import { LineTable } from './line-table.js';

/** @param bundle URL of the file whose places are to be told; its table of lines is beside it. */
export function mapStackTraces(bundle: string): void {
  let table: LineTable | null = null;
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => `    at ${String(frame)}`);
    const header = Error.prototype.toString.call(error);
    try {
      return [
        header,
        ...lines.map((line) => {
          if (!line.includes(bundle)) return line;
          table ??= new LineTable(bundle);
          return original(line, bundle, table);
        }),
      ].join('\n');
    } catch (fault) {
      return [header, ...lines, `    (not the lines of TypeScript: ${String(fault)})`].join('\n');
    }
  };
}

/** A line of a stack trace with the line that its place in the bundle was made of; others stay as they are. */
function original(line: string, bundle: string, table: LineTable): string {
  const at = line.indexOf(`${bundle}:`);
  const place = /^(\d+):(\d+)/.exec(line.slice(at + bundle.length + 1));
  if (at < 0 || place === null) return line;
  const source = table.find(Number(place[1]), Number(place[2]));
  if (source === null) return line;
  const end = at + bundle.length + 1 + place[0].length;
  return `${line.slice(0, at)}${source.file}:${source.line}${line.slice(end)}`;
}
