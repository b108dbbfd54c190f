// A server's PUB socket: every event with the server's instance and its topic's sequence number.
import type { Logger } from 'pino';
import type { TopicSpec } from './contract.js';
import { messageOf } from './errors.js';
import { NanomsgSocket } from './nanomsg.js';
import { describeProblems, encodeEvent, HEARTBEAT_MS, HEARTBEAT_TOPIC, MESSAGE_LIMIT_BYTES } from './wire.js';

export class Publisher {
  readonly #socket: NanomsgSocket;
  readonly #instance: string;
  readonly #topics: Record<string, TopicSpec>;
  readonly #log: Logger;
  readonly #sequences: Record<string, number> = {};
  readonly #beat: NodeJS.Timeout;

  /** Binds at `path`. */
  constructor(path: string, instance: string, topics: Record<string, TopicSpec>, log: Logger) {
    this.#instance = instance;
    this.#topics = topics;
    this.#log = log;
    for (const topic of Object.keys(topics)) this.#sequences[topic] = 0;
    this.#socket = new NanomsgSocket('pub', { receiveLimitBytes: MESSAGE_LIMIT_BYTES });
    this.#socket.bind(path);
    this.#beat = setInterval(() => this.heartbeat(), HEARTBEAT_MS);
    this.#beat.unref();
  }

  sequenceOf(topic: string): number {
    return this.#sequences[topic] ?? 0;
  }

  /**
   * Sends an event to whoever is subscribed. One that cannot be sent, because it is not what the contract says
   * or is too long, is logged and leaves a hole in the sequence: subscribers take a snapshot instead of it.
   */
  publish(topic: string, event: unknown): void {
    const spec = this.#topics[topic];
    if (!spec) return;
    const sequence = this.sequenceOf(topic) + 1;
    this.#sequences[topic] = sequence;
    const parsed = spec.event.safeParse(event);
    if (!parsed.success) {
      this.#log.error(
        { topic, problems: describeProblems(parsed.error) },
        'event is not what its topic says',
      );
      return;
    }
    try {
      const message = encodeEvent(topic, { instance: this.#instance, sequence, body: parsed.data });
      if (message.length > MESSAGE_LIMIT_BYTES) {
        this.#log.error({ topic, bytes: message.length, limit: MESSAGE_LIMIT_BYTES }, 'event is too long');
        return;
      }
      this.#socket.send(message);
    } catch (error) {
      this.#log.error({ topic, error: messageOf(error) }, 'event could not be sent');
    }
  }

  /** Tells subscribers that the server is there, and how far each topic is: so a lost last event shows. */
  heartbeat(): void {
    this.#socket.send(encodeEvent(HEARTBEAT_TOPIC, { instance: this.#instance, sequences: this.#sequences }));
  }

  close(): void {
    clearInterval(this.#beat);
    this.#socket.close();
  }
}
