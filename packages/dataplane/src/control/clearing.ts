// What an operator clears: figures, which are then shown as they grow from there, and what was learnt of stations.
//
// Counters themselves are never set back: workers own them, and whoever watches rates would see a jump. Figures at the
// time of clearing are remembered here, and taken off where figures are shown.
import { type ErrorCounter, type InterfaceReport, SluiceError } from '@sluice/shared';
import { formatMac } from '../wire/ethernet.js';
import { parseAddress, sameAddress } from './address.js';
import type { BridgeMacs } from './bridge-macs.js';
import type { Interfaces } from './interfaces.js';
import { macOfWords, type Neighbours } from './neighbours.js';

const FIGURES = ['rx_packets', 'rx_bytes', 'tx_packets', 'tx_bytes', 'drops', 'punted', 'injected'] as const;
type Figures = Pick<InterfaceReport, (typeof FIGURES)[number]>;

export class Clearing {
  private readonly errorsBefore = new Map<string, number>();
  private readonly interfacesBefore = new Map<string, Figures>();

  constructor(
    private readonly interfaces: Pick<Interfaces, 'get'>,
    private readonly known: { neighbours: Neighbours; macs: BridgeMacs },
  ) {}

  clearErrors(errors: readonly ErrorCounter[]): void {
    for (const error of errors) this.errorsBefore.set(keyOf(error), error.count);
  }

  /** @param only the name of one; all of them without */
  clearInterfaces(reports: readonly InterfaceReport[], only?: string): void {
    if (only !== undefined) this.rowOf(only);
    for (const report of reports)
      if (only === undefined || report.name === only) this.interfacesBefore.set(report.name, report);
  }

  errors(errors: readonly ErrorCounter[]): ErrorCounter[] {
    return errors
      .map((error) => {
        const before = this.errorsBefore.get(keyOf(error)) ?? 0;
        // Less than before: whatever counted is new, a user's node that was loaded again, say.
        return error.count < before ? error : { ...error, count: error.count - before };
      })
      .filter(({ count }) => count > 0);
  }

  interfaceReports(reports: readonly InterfaceReport[]): InterfaceReport[] {
    return reports.map((report) => {
      const before = this.interfacesBefore.get(report.name);
      if (before === undefined) return report;
      // An interface that was made anew counts from nothing.
      if (FIGURES.some((figure) => report[figure] < before[figure])) {
        this.interfacesBefore.delete(report.name);
        return report;
      }
      const grown = Object.fromEntries(FIGURES.map((figure) => [figure, report[figure] - before[figure]]));
      return { ...report, ...(grown as Figures) };
    });
  }

  /** @returns how many were cleared. Errors: SluiceError `no-interface` */
  clearNeighbours(
    wanted: { interface?: string | undefined; address?: string | undefined },
    now: number,
  ): number {
    const row = wanted.interface === undefined ? null : this.rowOf(wanted.interface);
    const address = wanted.address === undefined ? null : parseAddress(wanted.address);
    return this.known.neighbours.flush(
      (entry) =>
        (row === null || entry.row === row) && (address === null || sameAddress(entry.address, address)),
      now,
    );
  }

  /** As clearNeighbours. */
  clearMacs(wanted: { bridge?: string | undefined; mac?: string | undefined }): number {
    const row = wanted.bridge === undefined ? null : this.rowOf(wanted.bridge);
    const mac = wanted.mac?.toLowerCase() ?? null;
    return this.known.macs.forgetWhere(
      ({ bridge, mac0, mac2 }) =>
        (row === null || bridge === row) && (mac === null || formatMac(macOfWords(mac0, mac2)) === mac),
    );
  }

  private rowOf(name: string): number {
    const entry = this.interfaces.get(name);
    if (entry === undefined)
      throw new SluiceError('no-interface', `there is no interface "${name}": see show interfaces`);
    return entry.row;
  }
}

function keyOf({ node, reason }: ErrorCounter): string {
  return `${node}/${reason}`;
}
