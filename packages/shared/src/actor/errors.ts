// Errors that cross from one part of Sluice to another: a code for programs, a sentence for people.

export class SluiceError extends Error {
  readonly code: string;

  /** `message` tells an operator what is wrong and what to do; it never holds a secret. */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SluiceError';
    this.code = code;
  }
}

export const ACTOR_ERROR_CODES = ['deadline', 'refused', 'invalid', 'failed', 'closed'] as const;

/**
 * - `deadline`: no answer in time; whether the request ran is unknown.
 * - `refused`: the server did not run it: it is not one of its requests, or it has too much to do.
 * - `invalid`: the request is not what the contract says.
 * - `failed`: its handler failed, or its answer is not what the contract says.
 * - `closed`: this end was closed, or the caller cancelled.
 */
export type ActorErrorCode = (typeof ACTOR_ERROR_CODES)[number];

export class ActorError extends SluiceError {
  declare readonly code: ActorErrorCode;
  /** The code of the SluiceError that a handler threw, when it threw one. */
  readonly reason: string | null;

  constructor(code: ActorErrorCode, message: string, reason: string | null = null) {
    super(code, message);
    this.name = 'ActorError';
    this.reason = reason;
  }
}

/** The sentence of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The errno name or other code of whatever was thrown, such as `ENOENT`; null when it has none. */
export function codeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}
