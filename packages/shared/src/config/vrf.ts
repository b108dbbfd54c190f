import { z } from 'zod';
import { name } from './values.js';

/** The VRF that everything belongs to that names no other. */
export const DEFAULT_VRF = 'default';

export const vrfSection = z.strictObject({
  name: name.describe('An isolated routing table.'),
});

export const vrfReference = name.default(DEFAULT_VRF);

export type VrfSection = z.output<typeof vrfSection>;
