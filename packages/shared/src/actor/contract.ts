// What a process answers and announces, declared once and used by both ends.
import type { z } from 'zod';

export interface RequestSpec<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  request: Request;
  reply: Reply;
  /** How long a caller waits before it is told that no answer came, unless it says otherwise. */
  deadlineMs: number;
}

export interface TopicSpec<Event extends z.ZodType = z.ZodType, Snapshot extends z.ZodType = z.ZodType> {
  event: Event;
  /** The whole state that the events are changes of: what a late or lagging subscriber is given. */
  snapshot: Snapshot;
}

export interface Contract {
  /** The process's name, and that of its sockets in the run directory. */
  name: string;
  requests: Record<string, RequestSpec>;
  topics: Record<string, TopicSpec>;
}

/** Keeps the literal types of a contract, so that both ends are checked against it. */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract;
}

export type RequestOf<C extends Contract, K extends keyof C['requests']> = z.output<
  C['requests'][K]['request']
>;
export type RequestInputOf<C extends Contract, K extends keyof C['requests']> = z.input<
  C['requests'][K]['request']
>;
export type ReplyOf<C extends Contract, K extends keyof C['requests']> = z.output<C['requests'][K]['reply']>;
export type EventOf<C extends Contract, T extends keyof C['topics']> = z.output<C['topics'][T]['event']>;
export type SnapshotOf<C extends Contract, T extends keyof C['topics']> = z.output<
  C['topics'][T]['snapshot']
>;
