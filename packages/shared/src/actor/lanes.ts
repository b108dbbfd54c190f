// A client's REQ sockets. Each carries one message at a time, so a few of them share the client's messages.
//
// Two would do to keep a slow handler from delaying other requests: the server lets the caller that it holds
// go as soon as another one knocks. Four let large messages travel beside small ones.
import { NanomsgSocket } from './nanomsg.js';
import { MESSAGE_LIMIT_BYTES } from './wire.js';

const LANES_MAX = 4;
const RECONNECT_MS = 20;
/** What is not there is looked for so often: traffic may be waiting for it. A look costs some 20 µs. */
const RECONNECT_MAX_MS = 50;
/** Longer than a server holds a request. For a reply that was lost while its peer went away. */
const RESEND_MS = 1500;

interface Job {
  message: Buffer;
  answered: (message: Buffer) => void;
  failed: (reason: unknown) => void;
  signal: AbortSignal;
  onAbort: () => void;
}

interface Lane {
  socket: NanomsgSocket;
  job: Job | null;
}

export class Lanes {
  readonly #path: string;
  readonly #lanes = new Set<Lane>();
  readonly #queue: Job[] = [];
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Sends a message and resolves with its answer; rejects with the signal's reason, and then never sends it. */
  exchange(message: Buffer, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const job: Job = {
        message,
        signal,
        answered: resolve,
        failed: reject,
        onAbort: () => this.#cancel(job),
      };
      signal.addEventListener('abort', job.onAbort, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  /** Whoever still waits is to be ended by its signal. */
  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes) lane.socket.close();
    this.#lanes.clear();
  }

  #next(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const lane = this.#freeLane();
      if (!lane) return;
      const job = this.#queue.shift();
      if (!job) return;
      lane.job = job;
      try {
        lane.socket.send(job.message);
      } catch (error) {
        lane.job = null;
        finish(job);
        job.failed(error);
      }
    }
  }

  #freeLane(): Lane | null {
    for (const lane of this.#lanes) if (!lane.job) return lane;
    if (this.#lanes.size >= LANES_MAX) return null;
    const socket = new NanomsgSocket('req', {
      receiveLimitBytes: MESSAGE_LIMIT_BYTES,
      reconnectMs: RECONNECT_MS,
      reconnectMaxMs: RECONNECT_MAX_MS,
      resendMs: RESEND_MS,
    });
    const lane: Lane = { socket, job: null };
    try {
      socket.connect(this.#path);
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.onReadable(() => this.#receive(lane));
    this.#lanes.add(lane);
    return lane;
  }

  #receive(lane: Lane): void {
    const message = lane.socket.receive();
    const { job } = lane;
    if (!job || !message) return;
    lane.job = null;
    finish(job);
    job.answered(message);
    this.#next();
  }

  #cancel(job: Job): void {
    const queued = this.#queue.indexOf(job);
    if (queued >= 0) this.#queue.splice(queued, 1);
    for (const lane of this.#lanes) {
      if (lane.job !== job) continue;
      // A REQ socket cannot take a message back: it would resend it when the server returns.
      lane.socket.close();
      this.#lanes.delete(lane);
    }
    job.failed(job.signal.reason);
    // After the others that end in this turn, so that no socket is opened for them.
    setImmediate(() => this.#next());
  }
}

function finish(job: Job): void {
  job.signal.removeEventListener('abort', job.onAbort);
}
