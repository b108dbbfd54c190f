import { z } from 'zod';
import { interfaceName } from './values.js';

/** Users' nodes of one gateway at most. */
export const USER_NODES_MAX = 16;

export const nodeSection = z.strictObject({
  file: z
    .string()
    .regex(/^\/.+\.(ts|mts|js|mjs)$/, 'must be the absolute path of a .ts, .mts, .js or .mjs file')
    .describe("A packet-processing node of the user's own; see docs/user-nodes.md."),
  interfaces: z.array(interfaceName).min(1).describe('Whose packets it sees.'),
  on_fault: z
    .enum(['pass', 'drop'])
    .default('pass')
    .describe('What becomes of packets after it has failed, until it is loaded again.'),
});

export type NodeSection = z.output<typeof nodeSection>;
