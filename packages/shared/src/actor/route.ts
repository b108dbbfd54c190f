// What a server does for each request, and its built-in one for snapshots of topics.
import type { z } from 'zod';
import type { Contract, RequestOf } from './contract.js';
import { SluiceError } from './errors.js';
import { describeProblems, snapshotRequestSchema } from './wire.js';

export interface RequestContext {
  /** The same for every repeat of a request. */
  readonly id: string;
  /** Aborted when the caller's deadline has passed, or the server closes: nobody waits any more. */
  readonly signal: AbortSignal;
}

/**
 * A handler for each request. Idempotent: after a restart of the server the same request can come again.
 * What it throws reaches the caller as its sentence, and as its code when it is a SluiceError.
 */
export type Handlers<C extends Contract> = {
  [K in keyof C['requests']]: (
    request: RequestOf<C, K>,
    context: RequestContext,
  ) => z.input<C['requests'][K]['reply']> | Promise<z.input<C['requests'][K]['reply']>>;
};

/**
 * The whole state of each topic. A provider that answers at once gives subscribers every later event exactly
 * once; after one that returns a promise, events published meanwhile follow although the state may hold them.
 */
export type Snapshots<C extends Contract> = {
  [T in keyof C['topics']]: () =>
    | z.input<C['topics'][T]['snapshot']>
    | Promise<z.input<C['topics'][T]['snapshot']>>;
};

export type Handler = (request: unknown, context: RequestContext) => unknown;

export interface Route {
  request: z.ZodType;
  /** Null when the handler has validated it. */
  reply: z.ZodType | null;
  handler: Handler;
}

/** Answers `$snapshot`: a topic's state, and the sequence number of the last event that is in it. */
export function snapshotRoute<C extends Contract>(
  contract: C,
  snapshots: Snapshots<C>,
  sequenceOf: (topic: string) => number,
): Route {
  return {
    request: snapshotRequestSchema,
    reply: null,
    handler: async (request) => {
      const { topic } = snapshotRequestSchema.parse(request);
      const spec = Object.hasOwn(contract.topics, topic) ? contract.topics[topic] : undefined;
      const provider = snapshots[topic];
      if (!spec || !provider) throw new SluiceError('no-topic', `${contract.name} has no topic "${topic}"`);
      // Before the state: an event published while it is gathered comes again rather than never.
      const sequence = sequenceOf(topic);
      const state = spec.snapshot.safeParse(await provider());
      if (!state.success)
        throw new SluiceError(
          'snapshot-invalid',
          `${contract.name}'s snapshot of ${topic} is not what the contract says: ${describeProblems(state.error)}`,
        );
      return { sequence, state: state.data };
    },
  };
}
