// The live table: rates of each gateway's interfaces, workers and SAs, from two reports of its data plane.
import type { CountersReport, InterfaceReport, SaReport, WorkerRuntime } from '@sluice/shared';
import { count, decimal, spi } from './units.js';

export interface SiteCounters {
  name: string;
  current: CountersReport;
  /** An earlier one of the same data plane; null when this is its first. */
  previous: CountersReport | null;
}

/** Tables of rows, each with a head: interfaces, workers, SAs. The last columns may not fit a narrow terminal. */
export interface LiveTables {
  interfaces: string[][];
  workers: string[][];
  sas: string[][];
}

export function liveTables(sites: readonly SiteCounters[]): LiveTables {
  return {
    interfaces: [
      ['gateway', 'interface', 'rx pkt/s', 'rx bit/s', 'tx pkt/s', 'tx bit/s', 'drops/s', 'drops'],
      ...sites.flatMap(interfaceRows),
    ],
    workers: [
      ['gateway', 'worker', 'cpu', 'packet/s', 'vectors/s', 'packets/vector', 'ns/packet'],
      ...sites.flatMap(workerRows),
    ],
    sas: [
      ['gateway', 'SA', 'SPI', 'worker', 'packets', 'octets', 'replayed', 'failed', 'sequence'],
      ...sites.flatMap(saRows),
    ],
  };
}

function interfaceRows({ name, current, previous }: SiteCounters): string[][] {
  const perSecond = rates(current, previous);
  return current.interfaces.map((now) => {
    const before = previous?.interfaces.find((entry) => entry.name === now.name);
    const rate = (of: (entry: InterfaceReport) => number): number | null => perSecond(now, before, of);
    return [
      name,
      now.name,
      decimal(rate((entry) => entry.rx_packets)),
      decimal(rate((entry) => 8 * entry.rx_bytes)),
      decimal(rate((entry) => entry.tx_packets)),
      decimal(rate((entry) => 8 * entry.tx_bytes)),
      decimal(rate((entry) => entry.drops)),
      count(now.drops),
    ];
  });
}

function workerRows({ name, current, previous }: SiteCounters): string[][] {
  const perSecond = rates(current, previous);
  return current.workers.map((now) => {
    const before = previous?.workers.find((entry) => entry.worker === now.worker);
    const packets = perSecond(now, before, (entry: WorkerRuntime) => entry.packets);
    const vectors = perSecond(now, before, (entry: WorkerRuntime) => entry.vectors);
    return [
      name,
      String(now.worker),
      now.cpu === null ? '–' : String(now.cpu),
      decimal(packets),
      decimal(vectors),
      packets === null || !vectors ? '–' : (packets / vectors).toFixed(1),
      now.ns_per_packet === null ? '–' : now.ns_per_packet.toFixed(0),
    ];
  });
}

function saRows({ name, current }: SiteCounters): string[][] {
  return [...current.sas]
    .sort(byDirection)
    .map((sa) => [
      name,
      `${sa.direction === 'in' ? '←' : '→'} ${sa.interface ?? '–'}${sa.active || sa.direction === 'in' ? '' : ' (old)'}`,
      spi(sa.spi),
      String(sa.worker),
      count(sa.counters.packets),
      decimal(sa.counters.bytes),
      count(sa.counters.replayed),
      count(sa.counters.integrity_failed),
      count(sa.counters.sequence),
    ]);
}

function byDirection(a: SaReport, b: SaReport): number {
  return a.direction.localeCompare(b.direction) || a.added_at_ms - b.added_at_ms;
}

/** Null when there is nothing to compare with, or the counter was begun anew meanwhile. */
function rates(current: CountersReport, previous: CountersReport | null) {
  const seconds = previous === null ? 0 : (current.at_ms - previous.at_ms) / 1000;
  return <E>(now: E, before: E | undefined, of: (entry: E) => number): number | null => {
    if (before === undefined || seconds <= 0) return null;
    const change = of(now) - of(before);
    return change < 0 ? null : change / seconds;
  };
}
