// The configuration's format as JSON Schema, for editors and for the controller.
import { deviceConfigSchema } from '@sluice/shared';
import { z } from 'zod';

/** JSON Schema (draft 2020-12) of what may be written; what the cross-check asks of it is beyond JSON Schema. */
export function configJsonSchema(): object {
  return z.toJSONSchema(deviceConfigSchema, { io: 'input', target: 'draft-2020-12' });
}
