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
  /** A commit that goes back by itself at this time, unless it is confirmed. */
  unconfirmed: z.object({ revision: z.number(), deadline_ms: z.number() }).nullable(),
  /** What the management section says but is unwise to, a sentence each; other processes have theirs as problems. */
  warnings: z.array(z.string()),
});

export const revisionReportSchema = z.object({
  revision: z.number(),
  /** ISO 8601, UTC. */
  at: z.string(),
  by: z.string(),
  comment: z.string().nullable(),
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

/** Of a configuration that was not taken, the problems; of one that was, what changed. */
const outcomeSchema = z.object({
  revision: z.number(),
  changes: z.array(configChangeSchema),
  problems: z.array(configProblemSchema),
  /** What the configuration may say, but is unwise to, a sentence each. */
  warnings: z.array(z.string()),
});

const none = z.object({});

/** Of a commit that waits to be confirmed. */
export const CONFIRM_MIN_S = 10;
export const CONFIRM_MAX_S = 86_400;

export const agentContract = defineContract({
  name: 'agent',
  requests: {
    status: { request: none, reply: agentStatusSchema, deadlineMs: 5000 },
    /** Reads the configuration file again, validates it and applies what differs. */
    reload: { request: none, reply: outcomeSchema, deadlineMs: 30_000 },
    /** What committing this text would change, or why it cannot be. */
    check: { request: z.object({ text: z.string() }), reply: outcomeSchema, deadlineMs: 10_000 },
    /** Makes a text the configuration: in its file, and in force. */
    commit: {
      request: z.object({
        text: z.string(),
        by: z.string().min(1).max(64),
        comment: z.string().max(500).nullable(),
        /** The revision that it was made from: refused when there is another by now. */
        base_revision: z.int().min(0),
        /** Goes back by itself after so many seconds, unless it is confirmed. */
        confirm_s: z.int().min(CONFIRM_MIN_S).max(CONFIRM_MAX_S).nullable(),
      }),
      reply: outcomeSchema,
      deadlineMs: 30_000,
    },
    /** Keeps what waits to be confirmed; null when nothing does. */
    confirm: { request: none, reply: z.object({ revision: z.number().nullable() }), deadlineMs: 10_000 },
    /** Newest first; the first is in force. */
    history: {
      request: none,
      reply: z.object({ revisions: z.array(revisionReportSchema) }),
      deadlineMs: 10_000,
    },
    /** The text of a revision; null when it is not kept. */
    'show-revision': {
      request: z.object({ revision: z.int().min(0) }),
      reply: z.object({ text: z.string().nullable() }),
      deadlineMs: 5000,
    },
    'show-config': {
      request: none,
      /** The text is as it was written, comments included; null when that is not kept. */
      reply: z.object({ revision: z.number(), config: z.unknown(), text: z.string().nullable() }),
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
export type RevisionReport = z.output<typeof revisionReportSchema>;
export type ConfigOutcome = z.output<typeof outcomeSchema>;
