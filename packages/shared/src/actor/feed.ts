// A client's SUB socket: hands events to subscriptions, and notices when the server falls silent.
import type { Logger } from 'pino';
import { NanomsgSocket } from './nanomsg.js';
import {
  DOWN_AFTER_MS,
  decode,
  eventSchema,
  HEARTBEAT_MS,
  HEARTBEAT_TOPIC,
  heartbeatSchema,
  MESSAGE_LIMIT_BYTES,
  monotonicMs,
  splitEvent,
  topicPrefix,
} from './wire.js';

const RECONNECT_MS = 20;
/** What is not there is looked for so often: traffic may be waiting for it. A look costs some 20 µs. */
const RECONNECT_MAX_MS = 50;
/** Messages taken in one turn of the event loop. */
const TURN_LIMIT = 256;

/** What a feed tells each of its subscriptions. */
export interface Listener {
  readonly topic: string;
  event(instance: string, sequence: number, body: unknown): void;
  /** The last sequence number of the topic, by heartbeat. */
  reached(instance: string, sequence: number): void;
  /** The server's instance, as seen on a reply. */
  sawInstance(instance: string): void;
  down(): void;
  close(): void;
}

export class Feed {
  readonly #socket: NanomsgSocket;
  readonly #log: Logger;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #watch: NodeJS.Timeout;
  #heardAt = monotonicMs();
  #malformed = 0;
  #closed = false;

  constructor(path: string, log: Logger) {
    this.#log = log;
    this.#socket = new NanomsgSocket('sub', {
      receiveLimitBytes: MESSAGE_LIMIT_BYTES,
      reconnectMs: RECONNECT_MS,
      reconnectMaxMs: RECONNECT_MAX_MS,
    });
    this.#socket.subscribe(topicPrefix(HEARTBEAT_TOPIC));
    this.#socket.connect(path);
    this.#socket.onReadable(() => this.#receive());
    this.#watch = setInterval(() => this.#checkSilence(), HEARTBEAT_MS);
    this.#watch.unref();
  }

  add(listener: Listener): void {
    const listeners = this.#listeners.get(listener.topic) ?? new Set();
    if (listeners.size === 0) this.#socket.subscribe(topicPrefix(listener.topic));
    this.#listeners.set(listener.topic, listeners.add(listener));
  }

  remove(listener: Listener): void {
    const listeners = this.#listeners.get(listener.topic);
    if (!listeners?.delete(listener) || listeners.size > 0 || this.#closed) return;
    this.#socket.unsubscribe(topicPrefix(listener.topic));
  }

  /** A reply came from the server: it is alive, and this is its instance. */
  sawInstance(instance: string): void {
    this.#heardAt = monotonicMs();
    for (const listener of this.#all()) listener.sawInstance(instance);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watch);
    for (const listener of this.#all()) listener.close();
    this.#socket.close();
  }

  #all(): Listener[] {
    return [...this.#listeners.values()].flatMap((listeners) => [...listeners]);
  }

  #receive(): void {
    for (let taken = 0; taken < TURN_LIMIT && !this.#closed; taken++) {
      const message = this.#socket.receive();
      if (!message) return;
      this.#take(message);
    }
  }

  #take(message: Buffer): void {
    const split = splitEvent(message);
    if (split?.topic === HEARTBEAT_TOPIC) {
      const beat = decode(heartbeatSchema, split.payload);
      if (beat) {
        this.#heardAt = monotonicMs();
        for (const listener of this.#all())
          listener.reached(beat.instance, beat.sequences[listener.topic] ?? 0);
        return;
      }
    } else if (split) {
      const event = decode(eventSchema, split.payload);
      if (event) {
        this.#heardAt = monotonicMs();
        for (const listener of [...(this.#listeners.get(split.topic) ?? [])])
          listener.event(event.instance, event.sequence, event.body);
        return;
      }
    }
    // Whatever it was, a hole in the sequence shows if it was one of ours.
    this.#malformed++;
    if (this.#malformed === 1 || this.#malformed % 1000 === 0)
      this.#log.warn({ count: this.#malformed }, 'a message on the PUB socket is not of the wire format');
  }

  #checkSilence(): void {
    if (monotonicMs() - this.#heardAt <= DOWN_AFTER_MS) return;
    // This process may have been the one that stood still: first take what has come meanwhile.
    setImmediate(() => {
      if (this.#closed || monotonicMs() - this.#heardAt <= DOWN_AFTER_MS) return;
      for (const listener of this.#all()) listener.down();
    });
  }
}
