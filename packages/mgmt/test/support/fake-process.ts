// What the processes of the fake gateway have in common.
import { createLogger, SluiceError } from '@sluice/shared';

export const SILENT = createLogger({ name: 'test', level: 'silent' });

/** Of a request that no test sends. */
export const unused = (): never => {
  throw new SluiceError('unused', 'this fake does not answer that');
};
