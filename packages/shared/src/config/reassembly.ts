import { z } from 'zod';

/** What bounds the fragments that wait for others of their datagram, whoever sends them. */
export const reassemblySection = z.strictObject({
  timeout_ms: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe(
      'How long a datagram waits for its fragments. Less than the 60 s of RFC 791 and RFC 8200: what is not there within seconds is lost, and identifications of 16 bits come again (RFC 4963).',
    ),
  max_datagrams: z
    .int()
    .min(32)
    .max(65_536)
    .default(4096)
    .describe('Datagrams that wait at once; one VRF has half of them, of several each its share.'),
  max_fragments: z
    .int()
    .min(2)
    .max(8192)
    .default(128)
    .describe('Fragments of one datagram: 65,535 octets in packets of 576 make 119.'),
  max_frames: z
    .int()
    .min(32)
    .max(500_000)
    .optional()
    .describe(
      'Frames of the packet pool that waiting fragments hold, shared like max_datagrams; left out, an eighth, and never more than a quarter. For the box and for forwarding (virtual_reassembly) each.',
    ),
});

export type ReassemblySection = z.output<typeof reassemblySection>;
