// A contract that exercises what the actor runtime promises.
import { z } from 'zod';
import { defineContract } from '../../src/index.js';

const none = z.object({});

export const testContract = defineContract({
  name: 'probe',
  requests: {
    echo: {
      request: z.object({ text: z.string(), times: z.int().min(1).default(1) }),
      reply: z.object({ text: z.string() }),
      deadlineMs: 5000,
    },
    /** Ends when it is released. */
    hold: { request: none, reply: none, deadlineMs: 5000 },
    /** Writes that it ran, and ends at once or when it is released. */
    record: {
      request: z.object({ key_name: z.string(), hold: z.boolean() }),
      reply: z.object({ instance: z.string() }),
      deadlineMs: 8000,
    },
    /** Ends what holds now. */
    release: { request: none, reply: none, deadlineMs: 5000 },
    fail: { request: z.object({ how: z.enum(['sluice', 'type', 'reply']) }), reply: none, deadlineMs: 5000 },
    /** Publishes that many numbers. */
    flood: { request: z.object({ count: z.int() }), reply: none, deadlineMs: 10_000 },
  },
  topics: {
    /** Consecutive numbers, and for a snapshot how far they have come and their sum. */
    numbers: {
      event: z.object({ n: z.number() }),
      snapshot: z.object({ last: z.number(), sum: z.number() }),
    },
    other: { event: z.object({ text: z.string() }), snapshot: none },
  },
});

export type TestContract = typeof testContract;
