import { z } from 'zod';
import { ipAddress } from './values.js';

const metricsSection = z.strictObject({
  address: ipAddress
    .default('127.0.0.1')
    .describe(
      "The address to listen on. Whoever reaches it sees the gateway's figures: there is no password.",
    ),
  port: z.int().min(1).max(65535).default(9273),
});

export const managementSection = z.strictObject({
  metrics: metricsSection.optional().describe('An HTTP endpoint, /metrics, for Prometheus; left out, none.'),
});

export type ManagementSection = z.output<typeof managementSection>;
