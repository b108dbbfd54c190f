// What the SAD needs of the data plane.
import type { SaCounters, SaKey, SaSpec } from '@sluice/shared';

export interface SaFigures extends SaKey {
  counters: SaCounters;
}

/**
 * Every method rejects with SinkUnavailable when the data plane does not answer, and with another error
 * when it answers that it will not. All are idempotent.
 */
export interface SaSink {
  /** Resolves once the SA is in use. An SA of the same key is replaced without a gap, its counts kept. */
  install(spec: SaSpec): Promise<void>;
  /** The last counters, or null when there was no such SA. */
  remove(key: SaKey): Promise<SaCounters | null>;
  counters(key: SaKey): Promise<SaCounters | null>;
  /** Counters of all SAs at once, without keys. */
  poll(): Promise<SaFigures[]>;
  dump(): Promise<{ spec: SaSpec; counters: SaCounters }[]>;
}

export class SinkUnavailable extends Error {
  override readonly name = 'SinkUnavailable';
}

/** The part of a pino logger that is used here. */
export interface XfrmLog {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}
