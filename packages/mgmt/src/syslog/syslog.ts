// The logs of all processes to syslog servers.
import type { Logger, SyslogSection, SyslogServerReport } from '@sluice/shared';
import { Destination } from './destination.js';
import { LogTail } from './log-tail.js';
import { eventOf } from './message.js';
import { openChannel } from './open-channel.js';

export class Syslog {
  private destinations = new Map<string, Destination>();
  private tail: LogTail | null = null;

  constructor(
    private readonly runDir: string,
    private readonly log: Logger,
  ) {}

  /** Servers that stay as they are keep what waits for them. Errors: the system's, when logs cannot be followed. */
  async apply(section: SyslogSection | undefined, hostname: string): Promise<void> {
    const before = this.destinations;
    this.destinations = new Map(
      (section?.servers ?? []).map((server) => {
        const key = JSON.stringify([hostname, server]);
        return [key, before.get(key) ?? new Destination(server, hostname, openChannel, this.log)];
      }),
    );
    const gone = [...before].filter(([key]) => !this.destinations.has(key));
    await Promise.all(gone.map(([, destination]) => destination.close()));
    if (this.destinations.size === 0) {
      await this.tail?.close();
      this.tail = null;
    } else {
      this.tail ??= await LogTail.follow(this.runDir, this.log, (process, line) =>
        this.onLine(process, line),
      );
    }
  }

  report(): SyslogServerReport[] {
    return [...this.destinations.values()].map((destination) => destination.report());
  }

  async close(): Promise<void> {
    await this.apply(undefined, '');
  }

  private onLine(process: string, line: string): void {
    const event = eventOf(process, line, Date.now());
    if (event === null) return;
    for (const destination of this.destinations.values()) destination.offer(event);
  }
}
