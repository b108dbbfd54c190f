// Why the control side could not change a FIB. Nothing was changed when one of these is thrown.

export type FibErrorCode = 'exhausted' | 'no-vrf' | 'vrf-exists' | 'bad-route' | 'busy';

export class FibError extends Error {
  readonly code: FibErrorCode;

  constructor(code: FibErrorCode, message: string) {
    super(message);
    this.name = 'FibError';
    this.code = code;
  }
}
