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
/**
 * Much longer than a server holds a request. What is not answered is sent again by another socket, where the first
 * answer cannot be taken for a second one. Twice as long each time, so that a server that is late comes to answer.
 */
const RESEND_MS = 3000;

interface Job {
  message: Buffer;
  answered: (message: Buffer) => void;
  failed: (reason: unknown) => void;
  signal: AbortSignal;
  onAbort: () => void;
  /** How long the next answer is waited for. */
  patienceMs: number;
  timer: NodeJS.Timeout | null;
}

interface Lane {
  socket: NanomsgSocket;
  job: Job | null;
}

export class Lanes {
  readonly #path: string;
  readonly #resendMs: number;
  readonly #lanes = new Set<Lane>();
  readonly #queue: Job[] = [];
  #closed = false;

  constructor(path: string, resendMs = RESEND_MS) {
    this.#path = path;
    this.#resendMs = resendMs;
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
        patienceMs: this.#resendMs,
        timer: null,
      };
      signal.addEventListener('abort', job.onAbort, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  /** Whoever still waits is to be ended by its signal. */
  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes) this.#end(lane);
  }

  #next(): void {
    for (let job = this.#queue[0]; job !== undefined && !this.#closed; job = this.#queue[0]) {
      try {
        const lane = this.#freeLane();
        if (!lane) return;
        lane.socket.send(job.message);
        this.#await(lane, job);
      } catch (error) {
        finish(job);
        job.failed(error);
      }
      this.#queue.shift();
    }
  }

  #await(lane: Lane, job: Job): void {
    lane.job = job;
    job.timer = setTimeout(() => this.#sendAgain(lane, job), job.patienceMs);
    job.patienceMs *= 2;
  }

  #sendAgain(lane: Lane, job: Job): void {
    // In a process that is late, timers come before what has arrived.
    this.#receive(lane);
    if (lane.job !== job) return;
    this.#end(lane);
    this.#queue.unshift(job);
    this.#next();
  }

  #end(lane: Lane): void {
    if (lane.job?.timer) clearTimeout(lane.job.timer);
    lane.socket.close();
    this.#lanes.delete(lane);
  }

  #freeLane(): Lane | null {
    for (const lane of this.#lanes) if (!lane.job) return lane;
    if (this.#lanes.size >= LANES_MAX) return null;
    const socket = new NanomsgSocket('req', {
      receiveLimitBytes: MESSAGE_LIMIT_BYTES,
      reconnectMs: RECONNECT_MS,
      reconnectMaxMs: RECONNECT_MAX_MS,
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
      this.#end(lane);
    }
    job.failed(job.signal.reason);
    // After the others that end in this turn, so that no socket is opened for them.
    setImmediate(() => this.#next());
  }
}

function finish(job: Job): void {
  if (job.timer) clearTimeout(job.timer);
  job.signal.removeEventListener('abort', job.onAbort);
}
