// What the management process answers.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';

export const syslogServerReportSchema = z.object({
  /** `udp://192.0.2.1:514` */
  server: z.string(),
  /** Of UDP: whether the last datagram left; nobody says that it has come. */
  state: z.enum(['up', 'connecting', 'down']),
  /** Why it is down. */
  problem: z.string().nullable(),
  sent: z.number(),
  /** Lines that wait. */
  queued: z.number(),
  /** Lines that it will never get: its queue was full, or a datagram did not leave. */
  lost: z.number(),
});

const none = z.object({});

export const managementContract = defineContract({
  name: 'mgmt',
  requests: {
    'show-logging': {
      request: none,
      reply: z.object({ servers: z.array(syslogServerReportSchema) }),
      deadlineMs: 5000,
    },
  },
  topics: {},
});

export type SyslogServerReport = z.output<typeof syslogServerReportSchema>;
