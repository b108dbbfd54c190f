// What the agent answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';

export const processConvergenceSchema = z.object({
  process: z.string(),
  reachable: z.boolean(),
  revision: z.number().nullable(),
  converged: z.boolean(),
  problems: z.array(z.string()),
});

export const agentStatusSchema = z.object({
  instance: z.string(),
  hostname: z.string().nullable(),
  revision: z.number(),
  /** True when every process has this revision and says that it has reached it. */
  converged: z.boolean(),
  processes: z.array(processConvergenceSchema),
});

/** One difference between two configurations, for people. */
export const configChangeSchema = z.object({
  path: z.string(),
  kind: z.enum(['added', 'removed', 'changed']),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

export const configProblemSchema = z.object({
  /** As in the file: `interfaces[0].addresses[1]`. */
  path: z.string(),
  line: z.number().nullable(),
  column: z.number().nullable(),
  message: z.string(),
});

const none = z.object({});

export const agentContract = defineContract({
  name: 'agent',
  requests: {
    status: { request: none, reply: agentStatusSchema, deadlineMs: 5000 },
    /** Reads the configuration file again, validates it and applies what differs. */
    reload: {
      request: none,
      reply: z.object({
        revision: z.number(),
        changes: z.array(configChangeSchema),
        problems: z.array(configProblemSchema),
      }),
      deadlineMs: 30_000,
    },
    'show-config': {
      request: none,
      reply: z.object({ revision: z.number(), config: z.unknown() }),
      deadlineMs: 5000,
    },
  },
  topics: {
    status: { event: agentStatusSchema, snapshot: agentStatusSchema },
  },
});

export type AgentStatus = z.output<typeof agentStatusSchema>;
export type ProcessConvergence = z.output<typeof processConvergenceSchema>;
export type ConfigChange = z.output<typeof configChangeSchema>;
export type ConfigProblem = z.output<typeof configProblemSchema>;
