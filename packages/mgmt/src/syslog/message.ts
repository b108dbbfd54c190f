// A line of a log as a message of syslog (RFC 5424).
import type { SyslogServerSection } from '@sluice/shared';
import { type LogLevel, parseLogLine } from '../output/log-line.js';

// RFC 5424 section 6.2.1.
export const SEVERITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const;
const FACILITY = {
  user: 1,
  daemon: 3,
  authpriv: 10,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const satisfies Record<SyslogServerSection['facility'] | 'authpriv', number>;

/** The enterprise number that RFC 5612 has for documentation: nobody else's names are meant. */
const ELEMENT = 'sluice@32473';
/** RFC 5424 section 7.3.1: then it begins anew with 1. */
const SEQUENCE_MAX = 2 ** 31 - 1;
/** RFC 5424 section 6.4: a message in UTF-8 begins with it; one in ASCII need not. */
const BYTE_ORDER_MARK = '\ufeff';

const OF_LEVEL: Record<LogLevel, number> = {
  10: SEVERITY.debug,
  20: SEVERITY.debug,
  30: SEVERITY.info,
  40: SEVERITY.warning,
  50: SEVERITY.error,
  60: SEVERITY.critical,
};

/** What a line says, whoever gets it. */
export interface Event {
  process: string;
  severity: number;
  /** Who tries to log in, and does. */
  login: boolean;
  atMs: number;
  pid: number | null;
  text: string;
}

/** charon's lines begin with the local time and its thread: `2026-01-31T12:00:00 05[IKE] …`. */
const CHARON_LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) (.*)$/;

/** Null for a line that says nothing. `nowMs` stands in for the time that a line does not have. */
export function eventOf(process: string, line: string, nowMs: number): Event | null {
  const parsed = parseLogLine(line);
  const { level, pid, facility } = parsed;
  const dated = level === null ? CHARON_LINE.exec(parsed.text) : null;
  const text = (dated?.[2] ?? parsed.text).trim();
  if (text === '') return null;
  const atMs = dated === null ? (parsed.atMs ?? nowMs) : Date.parse(dated[1]!);
  return {
    process,
    severity: level === null ? SEVERITY.info : OF_LEVEL[level],
    login: facility === 'authpriv',
    atMs: Number.isNaN(atMs) ? nowMs : atMs,
    pid,
    text,
  };
}

export interface Origin {
  hostname: string;
  facility: SyslogServerSection['facility'];
}

/** `sequence` counts the messages for a server, from 0, those too that it never gets: it sees what is missing. */
export function formatMessage(event: Event, origin: Origin, sequence: number, limitBytes: number): Buffer {
  const { process, severity, login, atMs, pid, text } = event;
  const priority = FACILITY[login ? 'authpriv' : origin.facility] * 8 + severity;
  const header = `<${priority}>1 ${new Date(atMs).toISOString()} ${origin.hostname} ${appName(process)} ${pid ?? '-'} -`;
  const meta = `[meta sequenceId="${(sequence % SEQUENCE_MAX) + 1}"]`;
  const element = `[${ELEMENT} device="${quoted(origin.hostname)}" process="${quoted(process)}"]`;
  const ascii = /^[\x20-\x7e\t]*$/.test(text);
  const message = Buffer.from(`${header} ${meta}${element} ${ascii ? '' : BYTE_ORDER_MARK}${text}`);
  return message.length <= limitBytes ? message : message.subarray(0, wholeCharacters(message, limitBytes));
}

/** RFC 5424 section 6.2.5: at most 48 printable characters. */
function appName(process: string): string {
  return `sluice-${process}`.replace(/[^\x21-\x7e]/g, '_').slice(0, 48);
}

/** RFC 5424 section 6.3.3. */
function quoted(value: string): string {
  return value.replace(/["\\\]]/g, '\\$&');
}

/** The most octets up to `limit` that do not cut a character of UTF-8 apart. */
function wholeCharacters(bytes: Buffer, limit: number): number {
  let end = limit;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
