// The one error class of this library.

export type ViciErrorCode =
  /** No connection to the daemon, or it was lost or closed. */
  | 'disconnected'
  /** The daemon did not answer in time; the connection has been closed. */
  | 'timeout'
  /** The daemon sent bytes that are not VICI; the connection has been closed. */
  | 'malformed'
  /** The daemon does not know the command or the event. */
  | 'unknown'
  /** The daemon understood the command and answered that it failed. */
  | 'refused'
  /** What was to be sent cannot be expressed in VICI. */
  | 'invalid';

/** `message` is a sentence for an operator; `code` is what a program decides by. */
export class ViciError extends Error {
  readonly code: ViciErrorCode;

  constructor(code: ViciErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ViciError';
    this.code = code;
  }
}
