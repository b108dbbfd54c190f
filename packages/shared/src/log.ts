// The logger that every process makes once and passes on: JSON lines, one an event.
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Values under these names never reach a log, however the object that holds them got there. */
export const SECRET_NAMES = [
  'psk',
  'secret',
  'key',
  'key_hex',
  'integrityKey',
  'integrity_key_hex',
  'password',
] as const;

/** Names at the top and inside up to seven objects or arrays. */
const DEPTH = 8;

export interface LoggerOptions {
  /** The process, as its sockets are named. */
  name: string;
  /** pino's: `trace`, `debug`, `info` (the default), `warn`, `error`, `fatal`, `silent`. */
  level?: string;
  /** Left out: stderr, written at once, so that a crash loses nothing. */
  destination?: DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const paths = SECRET_NAMES.flatMap((name) =>
    Array.from({ length: DEPTH }, (_, depth) => `${'*.'.repeat(depth)}${name}`),
  );
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
