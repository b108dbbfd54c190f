// Keeps what tells why a lab failed, and nothing else: its secrets go with it.
import { cpSync, mkdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { KEPT_LOGS_ROOT } from './system/paths.js';

const KEPT = new Set(['.log', '.pcap', '.json']);

/** Where a lab's logs go when they are kept. */
export function keptLogsDirectory(name: string, id: string): string {
  return `${KEPT_LOGS_ROOT}/${name}-${id}`;
}

/** Copies logs, captures and configurations (which name secrets, and never hold them). Returns where to. */
export function keepLogs(directory: string, name: string, id: string): string {
  const kept = keptLogsDirectory(name, id);
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  cpSync(directory, kept, {
    recursive: true,
    filter: (source) => {
      const kind = statSync(source);
      return kind.isDirectory() || (kind.isFile() && KEPT.has(extname(source)));
    },
  });
  return kept;
}
