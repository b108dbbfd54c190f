// A log that a test reads.
import type { XfrmLog } from '../../src/xfrm/sink.js';

export interface MemoryLog extends XfrmLog {
  lines: string[];
}

export function memoryLog(): MemoryLog {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (fields: object, sentence: string): void => {
      lines.push(`${level} ${sentence} ${JSON.stringify(fields)}`);
    };
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
