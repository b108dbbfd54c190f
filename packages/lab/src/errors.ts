import { SluiceError } from '@sluice/shared';

export type LabErrorCode =
  | 'privilege'
  | 'missing-tool'
  | 'name'
  | 'command-failed'
  | 'deadline'
  | 'process-ended'
  | 'node-dead'
  | 'stopped'
  | 'leftover'
  | 'no-such-lab';

/** What went wrong with a lab: a code for programs, a sentence for people. */
export class LabError extends SluiceError {
  declare readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'LabError';
  }
}
