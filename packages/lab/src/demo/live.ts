// Follows the counters of both gateways, and draws the live table every second until it is told to end.
import type { CountersReport } from '@sluice/shared';
import { liveTables, type SiteCounters } from './live-table.js';
import type { Screen } from './screen.js';
import type { SiteActors } from './site-actors.js';

/** On a terminal, where a table replaces the one before; elsewhere they add up. */
const DRAW_MS = 1000;
const DRAW_PLAIN_MS = 10_000;
/** The least time between the two reports of a rate: shorter ones jump. */
const RATE_MS = 900;

/** What the live table needs of a site. */
export type LiveSite = Pick<SiteActors, 'site' | 'dataplane'>;

/** Resolves when the signal is aborted. */
export async function showLive(
  screen: Screen,
  sites: readonly LiveSite[],
  signal: AbortSignal,
): Promise<void> {
  const followed = sites.map((actors) => new FollowedSite(actors));
  const drawing = setInterval(() => draw(screen, followed), screen.terminal ? DRAW_MS : DRAW_PLAIN_MS);
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    clearInterval(drawing);
    for (const site of followed) site.close();
  }
}

function draw(screen: Screen, followed: readonly FollowedSite[]): void {
  const tables = liveTables(followed.flatMap((site) => site.counters() ?? []));
  const silent = followed.filter((site) => site.down).map((site) => site.name);
  screen.live([
    '',
    `${screen.style('bold', 'Live')}  ${screen.style('dim', 'Ctrl-C ends the demo')}`,
    ...(silent.length > 0 ? [screen.style('yellow', `  no report from: ${silent.join(', ')}`)] : []),
    ...screen.fittingTableLines(tables.interfaces),
    '',
    ...screen.fittingTableLines(tables.workers),
    '',
    ...screen.fittingTableLines(tables.sas),
  ]);
}

class FollowedSite {
  readonly name: string;
  down = true;
  #current: CountersReport | null = null;
  #previous: CountersReport | null = null;
  readonly #subscription: { close(): void };

  constructor({ site, dataplane }: LiveSite) {
    this.name = site.name;
    this.#subscription = dataplane.subscribe('counters', {
      onSnapshot: (report) => {
        // Another data plane counts from zero again: nothing to compare with.
        this.down = false;
        this.#current = report;
        this.#previous = null;
      },
      onEvent: (report) => this.#take(report),
      onDown: () => {
        this.down = true;
      },
    });
  }

  counters(): SiteCounters | null {
    if (this.#current === null) return null;
    return { name: this.name, current: this.#current, previous: this.#previous };
  }

  close(): void {
    this.#subscription.close();
  }

  #take(report: CountersReport): void {
    if (this.#current === null || this.#previous === null) {
      this.#previous = this.#current;
      this.#current = report;
    } else if (report.at_ms - this.#current.at_ms >= RATE_MS) {
      this.#previous = this.#current;
      this.#current = report;
    }
  }
}
