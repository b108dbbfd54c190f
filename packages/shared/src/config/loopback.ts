import { z } from 'zod';
import { interfaceSection } from './interface.js';
import { interfaceName } from './values.js';
import { vrfReference } from './vrf.js';

export const loopbackSection = z.strictObject({
  name: interfaceName.describe(
    'Addresses of the box that depend on no link; the name of a TUN twin on Linux.',
  ),
  vrf: vrfReference,
  addresses: interfaceSection.shape.addresses,
});

export type LoopbackSection = z.output<typeof loopbackSection>;
