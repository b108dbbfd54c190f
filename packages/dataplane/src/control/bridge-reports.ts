// What a person is shown of bridges: members, and the stations behind them.
import type { BridgeReport, MacReport } from '@sluice/shared';
import { formatMac } from '../wire/ethernet.js';
import type { Interfaces } from './interfaces.js';
import type { Layer2 } from './layer2.js';
import { macOfWords } from './neighbours.js';

export class BridgeReports {
  constructor(
    private readonly interfaces: Interfaces,
    private readonly layer2: Layer2,
  ) {}

  bridges(): BridgeReport[] {
    const learnt = this.layer2.macs.list();
    const stateOf = (row: number): 'up' | 'down' => (this.interfaces.isUp(row) ? 'up' : 'down');
    return this.interfaces
      .list()
      .filter((entry) => entry.kind === 'bridge')
      .map((entry) => {
        const limits = this.layer2.macs.limitsOf(entry.row);
        return {
          name: entry.name,
          state: stateOf(entry.row),
          mac: entry.mac ?? '',
          members: (this.layer2.details(entry).members ?? []).map((name) => {
            const row = this.interfaces.get(name)?.row ?? 0;
            return { name, state: stateOf(row), macs: learnt.filter(({ member }) => member === row).length };
          }),
          macs: learnt.filter(({ bridge }) => bridge === entry.row).length,
          mac_limit: limits?.macs ?? 0,
          ageing_s: (limits?.ageingMs ?? 0) / 1000,
        };
      });
  }

  macs(now: number): MacReport[] {
    const nameOf = (row: number): string => this.interfaces.ofRow(row)?.name ?? '?';
    return this.layer2.macs
      .list()
      .map((entry) => ({
        bridge: nameOf(entry.bridge),
        member: nameOf(entry.member),
        mac: formatMac(macOfWords(entry.mac0, entry.mac2)),
        age_s: Math.round((now - entry.heardAt) / 1000),
        moves: entry.moves,
      }))
      .sort((a, b) => a.bridge.localeCompare(b.bridge) || a.mac.localeCompare(b.mac));
  }
}
