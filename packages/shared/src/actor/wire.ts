// The messages between actors: short JSON envelopes, as packages/shared/README.md describes them.
import { z } from 'zod';
import { ACTOR_ERROR_CODES, type ActorErrorCode } from './errors.js';

/** Changes when an envelope does: both ends are built together, so another version is a process left over. */
export const WIRE_VERSION = 1;

/** Longest message, envelope included. A full table of a million routes is about 60 MB of JSON. */
export const MESSAGE_LIMIT_BYTES = 64 * 1024 * 1024;

/** Furthest deadline that a request may have: answers are remembered until then. */
export const DEADLINE_LIMIT_MS = 600_000;

/** The server's beat on its PUB socket; after three and a half without one it counts as down. */
export const HEARTBEAT_MS = 500;
export const DOWN_AFTER_MS = 1750;

export const SNAPSHOT_REQUEST = '$snapshot';
export const HEARTBEAT_TOPIC = '$heartbeat';

const version = z.literal(WIRE_VERSION);
const id = z.string().min(1).max(64);
const sequence = z.int().min(0);

export const askSchema = z.discriminatedUnion('kind', [
  z.object({
    v: version,
    kind: z.literal('request'),
    id,
    name: z.string().min(1).max(64),
    /** CLOCK_MONOTONIC in milliseconds: the same for every process of the machine. */
    deadline: z.number(),
    body: z.unknown(),
  }),
  z.object({ v: version, kind: z.literal('poll'), id }),
]);

export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ v: version, kind: z.literal('reply'), instance: id, id, body: z.unknown() }),
  /** It runs: ask by `poll`. */
  z.object({ v: version, kind: z.literal('pending'), instance: id, id }),
  /** Polled for, but not known, because the server is a new one: send the request again. */
  z.object({ v: version, kind: z.literal('unknown'), instance: id, id }),
  z.object({
    v: version,
    kind: z.literal('error'),
    instance: id,
    /** Null when what came had no id that could be read. */
    id: id.nullable(),
    code: z.enum(ACTOR_ERROR_CODES),
    message: z.string(),
    reason: z.string().nullable(),
  }),
]);

export const eventSchema = z.object({ v: version, instance: id, sequence, body: z.unknown() });

export const heartbeatSchema = z.object({
  v: version,
  instance: id,
  /** Of each topic, the sequence number of its last event; 0 before the first. */
  sequences: z.record(z.string(), sequence),
});

export const snapshotRequestSchema = z.object({ topic: z.string() });
export const snapshotReplySchema = z.object({
  /** The state holds every event up to this one. */
  sequence,
  state: z.unknown(),
});

export type Ask = z.output<typeof askSchema>;
export type Answer = z.output<typeof answerSchema>;

/** What travels in an error: no stack, and no more than a screen of text. */
export interface WireError {
  code: ActorErrorCode;
  message: string;
  reason: string | null;
}

const ERROR_TEXT_LIMIT = 2000;

export function wireError(code: ActorErrorCode, message: string, reason: string | null = null): WireError {
  return { code, message: message.slice(0, ERROR_TEXT_LIMIT), reason: reason?.slice(0, 64) ?? null };
}

export function encode(message: object): Buffer {
  return Buffer.from(JSON.stringify({ v: WIRE_VERSION, ...message }));
}

/** Null when it is not such a message. What is wrong is not said: a JSON error quotes what it could not read. */
export function decode<S extends z.ZodType>(schema: S, message: Buffer): z.output<S> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message.toString('utf8'));
  } catch {
    return null; // the caller counts or answers it
  }
  const result = schema.safeParse(parsed);
  return result.success ? result.data : null;
}

/** A PUB message: its topic, a line feed, its envelope. The line feed keeps `sa` from matching `sa-dump`. */
export function topicPrefix(topic: string): string {
  return `${topic}\n`;
}

export function encodeEvent(topic: string, message: object): Buffer {
  return Buffer.from(`${topicPrefix(topic)}${JSON.stringify({ v: WIRE_VERSION, ...message })}`);
}

/** Null when there is no topic in it. */
export function splitEvent(message: Buffer): { topic: string; payload: Buffer } | null {
  const end = message.indexOf(10);
  if (end < 0) return null;
  return { topic: message.toString('utf8', 0, end), payload: message.subarray(end + 1) };
}

/** `interfaces[0].mtu: at least 68; …`: what is wrong, without the values that were given. */
export function describeProblems(error: z.ZodError): string {
  const shown = error.issues.slice(0, 10).map((issue) => {
    const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `${path.replace(/^\./, '') || 'the whole'}: ${issue.message}`;
  });
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** CLOCK_MONOTONIC, milliseconds. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
