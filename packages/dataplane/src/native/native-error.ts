/**
 * A set-up call of the native layer that failed. The message is a sentence with the device, the call and the error;
 * `code` is the error's name ('EBUSY'), `errno` its number, `syscall` the call that returned it ('bind').
 */
export class NativeError extends Error {
  override readonly name = 'NativeError';

  constructor(
    readonly code: string,
    readonly errno: number,
    readonly syscall: string,
    message: string,
  ) {
    super(message);
  }
}
