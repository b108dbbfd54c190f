// A syslog server: what waits for it, the way there, and what became of it.
//
//   connecting --open--> up --broken--> down --delay--> connecting
//
// What comes faster than it is taken waits, up to a bound; then the newest lines are lost, counted, and said to be.
// Nothing waits for a server: whoever writes a line does not know that there is one.
import { setTimeout as delay } from 'node:timers/promises';
import {
  BackoffClock,
  type Logger,
  messageOf,
  type SyslogServerReport,
  type SyslogServerSection,
  syslogServerName,
} from '@sluice/shared';
import { type Channel, MESSAGE_BYTES_MAX } from './channel.js';
import { type Event, formatMessage, SEVERITY } from './message.js';

/** What waits for a server, in octets and messages. */
const QUEUE_BYTES_MAX = 2 << 20;
const QUEUE_MAX = 10_000;
/** Given to the system at once. */
const BATCH = 64;
const BACKOFF = { initialMs: 500, maxMs: 30_000, resetAfterMs: 60_000 };
/** Of a server that comes and goes not every change is said: the line would be one more for it. */
const SAY_MS = 10_000;

const LEAST = {
  debug: SEVERITY.debug,
  info: SEVERITY.info,
  warn: SEVERITY.warning,
  error: SEVERITY.error,
} as const;

export type Opener = (section: SyslogServerSection) => Promise<Channel>;

export class Destination {
  readonly name: string;
  private readonly queue: Buffer[] = [];
  private queuedBytes = 0;
  private sequence = 0;
  private sent = 0;
  private lost = 0;
  private lostSaid = 0;
  private overflowed = false;
  private state: SyslogServerReport['state'] = 'connecting';
  private problem: string | null = null;
  /** What was said last of the way there; undefined before the first time. */
  private said: string | null | undefined;
  private channel: Channel | null = null;
  private saidAtMs = Number.NEGATIVE_INFINITY;
  private saying: NodeJS.Timeout | null = null;
  private wake: () => void = () => undefined;
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private readonly section: SyslogServerSection,
    private readonly hostname: string,
    private readonly open: Opener,
    private readonly log: Logger,
  ) {
    this.name = syslogServerName(section);
    this.running = this.run();
  }

  offer(event: Event): void {
    const { level, facility, transport } = this.section;
    if (event.severity > LEAST[level]) return;
    const origin = { hostname: this.hostname, facility };
    const message = formatMessage(event, origin, this.sequence++, MESSAGE_BYTES_MAX[transport]);
    if (this.queue.length >= QUEUE_MAX || this.queuedBytes + message.length > QUEUE_BYTES_MAX) {
      this.lost++;
      this.overflowed = true;
      if (this.lost === this.lostSaid + 1) this.saySoon();
      return;
    }
    this.queue.push(message);
    this.queuedBytes += message.length;
    this.wake();
  }

  report(): SyslogServerReport {
    const { name: server, state, problem, sent, lost } = this;
    return { server, state, problem, sent, queued: this.queue.length, lost };
  }

  async close(): Promise<void> {
    this.closing.abort();
    if (this.saying !== null) clearTimeout(this.saying);
    this.leave();
    this.wake();
    await this.running;
  }

  private get closed(): boolean {
    return this.closing.signal.aborted;
  }

  private async run(): Promise<void> {
    const backoff = new BackoffClock(BACKOFF);
    while (!this.closed) {
      const openedAt = performance.now();
      try {
        this.channel = await this.open(this.section);
        this.became('up', null);
        await this.serve(this.channel);
      } catch (error) {
        this.became('down', messageOf(error));
      } finally {
        this.leave();
      }
      if (this.closed) return;
      await this.pause(backoff.delayAfter(performance.now() - openedAt));
    }
  }

  /** Sends until it is closed. Errors: why the channel ended. */
  private async serve(channel: Channel): Promise<void> {
    let ended: string | null = null;
    void channel.ended.then((reason) => {
      ended = reason;
      this.wake();
    });
    while (!this.closed) {
      if (ended !== null) throw new Error(ended);
      if (this.queue.length === 0) await this.untilOffered();
      else await this.sendBatch(channel);
    }
  }

  /** What a broken channel did not take stays, for the next one. */
  private async sendBatch(channel: Channel): Promise<void> {
    const batch = this.queue.slice(0, BATCH);
    const { lost, problem } = await channel.send(batch);
    this.queue.splice(0, batch.length);
    for (const { length } of batch) this.queuedBytes -= length;
    this.sent += batch.length - lost;
    this.lost += lost;
    this.became(problem === null ? 'up' : 'down', problem);
  }

  private leave(): void {
    this.channel?.close();
    this.channel = null;
  }

  private untilOffered(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing.signal }).catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
    });
  }

  private became(state: SyslogServerReport['state'], problem: string | null): void {
    this.state = state;
    this.problem = problem;
    // Of UDP a datagram that leaves proves nothing; and to say so would be the next datagram.
    if (this.section.transport === 'udp' && problem === null) return;
    if (problem !== this.said) this.saySoon();
  }

  private saySoon(): void {
    if (this.closed) return;
    this.saying ??= setTimeout(
      () => {
        this.saying = null;
        this.say();
      },
      Math.max(0, this.saidAtMs + SAY_MS - performance.now()),
    );
  }

  /** Losses are said when they begin, and with the next change. */
  private say(): void {
    const { name: server, problem, overflowed } = this;
    const changed = problem !== this.said && !(problem === null && this.section.transport === 'udp');
    if (!changed && !overflowed) return;
    const lost = this.lost - this.lostSaid;
    const losses = lost === 0 ? {} : { lost };
    if (!changed)
      this.log.warn({ server, ...losses }, 'lines for a syslog server are lost: its queue is full');
    else if (problem === null) this.log.info({ server, ...losses }, 'a syslog server is reached');
    else this.log.warn({ server, problem, ...losses }, 'a syslog server is not reached');
    if (changed) this.said = problem;
    this.lostSaid = this.lost;
    this.overflowed = false;
    this.saidAtMs = performance.now();
  }
}
