// A line of the log of a process: pino's JSON, or what charon and other programs of Debian write.
import { printable } from './printable.js';

/** pino's, from `trace` to `fatal`. */
export type LogLevel = 10 | 20 | 30 | 40 | 50 | 60;

export interface LogLine {
  /** Of pino's lines. */
  level: LogLevel | null;
  /** Null for lines that do not say, or not in a known form. */
  atMs: number | null;
  pid: number | null;
  /** The message, and `key=value` of what is with it; other lines as they are. Without control characters. */
  text: string;
  /** Syslog's facility, where the line is for another one than the rest of its process. */
  facility: unknown;
}

const LEVELS: readonly number[] = [10, 20, 30, 40, 50, 60];

export function parseLogLine(line: string): LogLine {
  const entry = jsonOf(line);
  if (entry === null) return { level: null, atMs: null, pid: null, text: printable(line), facility: null };
  const { level, time, msg = '', pid, hostname: _hostname, name: _name, facility = null, ...details } = entry;
  const at = typeof time === 'number' ? time : Date.parse(String(time ?? ''));
  const rest = Object.entries(details).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return {
    level: isLevel(level) ? level : null,
    atMs: Number.isNaN(at) ? null : at,
    pid: typeof pid === 'number' ? pid : null,
    text: printable([String(msg), ...rest].join(' ')),
    facility,
  };
}

function isLevel(value: unknown): value is LogLevel {
  return typeof value === 'number' && LEVELS.includes(value);
}

function jsonOf(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
