// Why the control side could not change a FIB. Nothing was changed when one of these is thrown.

export type Ip4FibErrorCode = 'exhausted' | 'no-vrf' | 'vrf-exists' | 'bad-route' | 'busy';

export class Ip4FibError extends Error {
  readonly code: Ip4FibErrorCode;

  constructor(code: Ip4FibErrorCode, message: string) {
    super(message);
    this.name = 'Ip4FibError';
    this.code = code;
  }
}
