// Stack traces of a bundle that name the lines of TypeScript.
//
// Node.js could do it by itself, but reads the map of a module when it loads it, which most processes never need. Here
// it is read when the first stack trace is looked at, and kept only as long as the collector lets it be.
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/** @param bundle URL of the file whose places are to be told; its map is beside it, under its name with ".map". */
export function mapStackTraces(bundle: string): void {
  let kept: WeakRef<SourceMap> | null = null;
  const map = (): SourceMap => {
    const before = kept?.deref();
    if (before !== undefined) return before;
    const read = new SourceMap(
      JSON.parse(readFileSync(fileURLToPath(`${bundle}.map`), 'utf8')) as SourceMapPayload,
    );
    kept = new WeakRef(read);
    return read;
  };
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => `    at ${String(frame)}`);
    const header = Error.prototype.toString.call(error);
    try {
      return [header, ...lines.map((line) => original(line, bundle, map))].join('\n');
    } catch (fault) {
      return [header, ...lines, `    (not the lines of TypeScript: ${String(fault)})`].join('\n');
    }
  };
}

/** A line of a stack trace with the place that its place in the bundle was made of; others stay as they are. */
function original(line: string, bundle: string, map: () => SourceMap): string {
  const at = line.indexOf(`${bundle}:`);
  if (at < 0) return line;
  const place = /^(\d+):(\d+)/.exec(line.slice(at + bundle.length + 1));
  if (place === null) return line;
  const entry = map().findEntry(Number(place[1]) - 1, Number(place[2]) - 1);
  if (!('originalSource' in entry)) return line;
  const source = fileURLToPath(new URL(entry.originalSource, bundle));
  const end = at + bundle.length + 1 + place[0].length;
  return `${line.slice(0, at)}${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}${line.slice(end)}`;
}
