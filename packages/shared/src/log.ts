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
  'private_key',
] as const;

/** What waits for a disk that is full; later lines are lost. */
const UNWRITTEN_BYTES_MAX = 1 << 16;

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
    options.destination ?? standardError(),
  );
}

/** Written at once. What does not fit a disk that is full is kept up to a bound, and a process goes on without its log. */
function standardError(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: UNWRITTEN_BYTES_MAX });
  // There is nowhere else to say that the log cannot be written.
  destination.on('error', () => undefined);
  return destination;
}
