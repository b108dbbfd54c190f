// A client that stays connected: commands on one connection, events on another, both renewed with backoff.
//
// Events have a connection of their own because a daemon raises them at any time, also between the packets of
// a streamed answer, and because a slow command must not hold them back.
//
// States: down → (both connections open, all events registered, version answered) → up → down …, until close().
import { type RequestOptions, ViciConnection } from './connection.js';
import { ViciError } from './errors.js';
import { subsection, text, type ViciInput, type ViciSection } from './message.js';

export interface ViciClientOptions {
  /** Path of the daemon's VICI socket. */
  path: string;
  /** Events to register for, each time anew. */
  events?: readonly string[];
  onEvent?: (name: string, message: ViciSection) => void;
  /**
   * The daemon answers. `generation` counts these: whatever was known about the daemon before may be gone. It stays when
   * the daemon was only late.
   */
  onUp?: (generation: number) => void;
  /** The daemon no longer answers. Not called by close(). */
  onDown?: (reason: ViciError) => void;
  deadlineMs?: number;
  /** Wait before the first attempt to reconnect; doubles up to backoffMaxMs. */
  backoffMinMs?: number;
  backoffMaxMs?: number;
}

/** A daemon that restarts is back within a second: begin well below that, and do not fall far behind. */
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1000;

interface Pair {
  commands: ViciConnection;
  events: ViciConnection;
  /** Since when the daemon runs, as it says it; null when it does not. */
  since: string | null;
}

export class ViciClient {
  private readonly options: ViciClientOptions;
  private pair: Pair | null = null;
  private generationCount = 0;
  private backoffMs: number;
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  private lastFailure: ViciError | null = null;
  /** Since when a daemon runs that was given up because it was late. */
  private lateSince: string | null = null;

  constructor(options: ViciClientOptions) {
    this.options = options;
    this.backoffMs = options.backoffMinMs ?? BACKOFF_MIN_MS;
  }

  get up(): boolean {
    return this.pair !== null;
  }

  /** How many daemons there were so far; what was loaded into an earlier one may be gone. */
  get generation(): number {
    return this.generationCount;
  }

  /** Why the daemon is down, where a reason is known. */
  get downReason(): ViciError | null {
    return this.pair === null ? this.lastFailure : null;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt();
  }

  close(): void {
    this.running = false;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const pair = this.pair;
    this.pair = null;
    if (pair !== null) closePair(pair);
  }

  /** @throws ViciError as ViciConnection.request, and `disconnected` at once while the daemon is down */
  request(command: string, message?: ViciInput, options?: RequestOptions): Promise<ViciSection> {
    const { pair } = this;
    if (pair === null) return Promise.reject(this.down());
    return pair.commands.request(command, message, options);
  }

  /** As ViciConnection.stream. */
  stream(
    command: string,
    event: string,
    message?: ViciInput,
    options?: RequestOptions,
  ): AsyncGenerator<ViciSection, ViciSection, undefined> {
    if (this.pair === null) throw this.down();
    return this.pair.commands.stream(command, event, message, options);
  }

  /** Runs a long command on a connection of its own, so that the others need not wait for it. */
  async dedicated<T>(use: (connection: ViciConnection) => Promise<T>): Promise<T> {
    if (this.pair === null) throw this.down();
    const connection = await ViciConnection.connect(this.connectOptions());
    try {
      return await use(connection);
    } finally {
      connection.close();
    }
  }

  private down(): ViciError {
    return new ViciError('disconnected', `The daemon behind ${this.options.path} is down.`, {
      cause: this.lastFailure,
    });
  }

  private connectOptions(): { path: string; deadlineMs?: number } {
    const { path, deadlineMs } = this.options;
    return deadlineMs === undefined ? { path } : { path, deadlineMs };
  }

  private attempt(): void {
    this.timer = null;
    this.open().then(
      (pair) => this.opened(pair),
      (error: unknown) => {
        if (!(error instanceof ViciError)) throw error;
        this.retry(error);
      },
    );
  }

  private async open(): Promise<Pair> {
    const commands = await ViciConnection.connect(this.connectOptions());
    try {
      // A daemon that is still starting accepts connections before it answers on them.
      await commands.request('version');
      const since = await runsSince(commands);
      const { onEvent } = this.options;
      const events = await ViciConnection.connect({ ...this.connectOptions(), ...(onEvent && { onEvent }) });
      try {
        for (const event of this.options.events ?? []) await events.register(event);
      } catch (error) {
        events.close();
        throw error;
      }
      return { commands, events, since };
    } catch (error) {
      commands.close();
      throw error;
    }
  }

  private opened(pair: Pair): void {
    // Closed meanwhile, or closed and started again so that another attempt came first.
    if (!this.running || this.pair !== null) {
      closePair(pair);
      return;
    }
    this.pair = pair;
    this.backoffMs = this.options.backoffMinMs ?? BACKOFF_MIN_MS;
    // A late one has run for longer than a deadline, so the seconds that it counts in tell it from its successor.
    if (pair.since === null || pair.since !== this.lateSince) this.generationCount++;
    const lost = (reason: ViciError | null): void => {
      if (this.pair !== pair) return;
      this.pair = null;
      closePair(pair);
      const error = reason ?? new ViciError('disconnected', 'The VICI connection has been closed.');
      this.lateSince = error.code === 'timeout' ? pair.since : null;
      this.retry(error);
      this.options.onDown?.(error);
    };
    void pair.commands.closed.then(lost);
    void pair.events.closed.then(lost);
    this.options.onUp?.(this.generationCount);
  }

  private retry(reason: ViciError): void {
    this.lastFailure = reason;
    if (!this.running || this.pair !== null || this.timer !== null) return;
    this.timer = setTimeout(() => this.attempt(), this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, this.options.backoffMaxMs ?? BACKOFF_MAX_MS);
  }
}

async function runsSince(connection: ViciConnection): Promise<string | null> {
  try {
    const uptime = subsection(await connection.request('stats'), 'uptime');
    return text(uptime, 'since') ?? null;
  } catch (error) {
    if (error instanceof ViciError && error.code === 'unknown') return null;
    throw error;
  }
}

function closePair(pair: Pair): void {
  pair.commands.close();
  pair.events.close();
}
