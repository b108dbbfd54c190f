// Flows on the control side: where they are metered, when they end, and to whom they are exported.
//
// All of it runs in the control thread, on a timer: to end a flow takes 0.6 µs of it, to look through 65,536 that go on
// 7 ms a second.
import { DEFAULT_VRF, type IpfixSection, ipfixSection } from '@sluice/shared';
import { FLOW_METER_BIT } from '../../graph/idle-features.js';
import type { EpochControl } from '../../memory/epoch.js';
import { FlowTable } from '../../tables/flows.js';
import type { SharedMemory } from '../../workers/shared-memory.js';
import type { Features } from '../features.js';
import type { Interface } from '../interface.js';
import { FlowExporter } from './flow-exporter.js';
import { FlowSweeper } from './flow-sweeper.js';
import { type CollectorSettings, IpfixCollector } from './ipfix-collector.js';

export interface FlowParts {
  shared: Pick<SharedMemory, 'flows' | 'hashSeed'>;
  epoch: Pick<EpochControl, 'retire'>;
  features: Features;
  /** Path of the network namespace of a VRF that is not the default one. */
  namespaceOf(vrf: string): Promise<string>;
}

export class FlowMetering {
  readonly tables: readonly FlowTable[];
  readonly exporter = new FlowExporter(Date.now);
  private section: IpfixSection = ipfixSection.parse({});
  private readonly sweeper: FlowSweeper;
  /** What the collectors were made of. */
  private wanted: string[] = [];

  constructor(private readonly parts: FlowParts) {
    const { shared, epoch } = parts;
    this.tables = shared.flows.map((memory) => new FlowTable(memory, shared.hashSeed));
    this.sweeper = new FlowSweeper(
      this.tables,
      (taken) => epoch.retire(taken),
      (table, slot, reason) => this.exporter.add(table, slot, reason),
      () => this.exporter.flush(),
    );
  }

  /** Takes over what the configuration says. @throws when a namespace has no name */
  async converge(section: IpfixSection, interfaces: readonly Interface[]): Promise<void> {
    this.section = section;
    const metered = new Set(section.interfaces);
    for (const { row, name } of interfaces) {
      for (const arc of ['ip4-unicast', 'ip6-unicast'] as const)
        this.parts.features.switch(row, arc, FLOW_METER_BIT, metered.has(name));
    }
    for (const table of this.tables) table.interval = section.sampling;
    await this.convergeCollectors(section);
    const names = interfaces.map(({ row, name }) => [row, name] as const);
    for (const collector of this.exporter.collectors) collector.name(names);
  }

  /** Every now and then: ends flows, sends templates. `now` in milliseconds since 1970. @throws what collectors miss */
  tick(now: number): void {
    const { active_timeout_s: active, idle_timeout_s: idle } = this.section;
    this.sweeper.tick(now, { activeMs: active * 1000, idleMs: idle * 1000 });
    this.exporter.tick();
    const problems = this.exporter.problems();
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** Exports what there is. Workers have to go on, and memory to be reclaimed, until it resolves. */
  flush(): Promise<void> {
    return this.tables.some((table) => table.used > 0) ? this.sweeper.endAll() : Promise.resolve();
  }

  close(): void {
    this.exporter.close();
  }

  /** Those that are as they were keep their sequence numbers and sockets. */
  private async convergeCollectors(section: IpfixSection): Promise<void> {
    const settings: CollectorSettings[] = [];
    for (const collector of section.collectors) {
      const { vrf } = collector;
      settings.push({
        section: collector,
        namespace: vrf === DEFAULT_VRF ? '' : await this.parts.namespaceOf(vrf),
        domain: section.observation_domain,
        sampling: section.sampling,
        refreshMs: section.template_refresh_s * 1000,
      });
    }
    const keys = settings.map((each) => JSON.stringify(each));
    const before = new Map(this.wanted.map((key, i) => [key, this.exporter.collectors[i]!]));
    for (const [key, collector] of before) if (!keys.includes(key)) collector.close();
    this.exporter.collectors = settings.map((each, i) => before.get(keys[i]!) ?? new IpfixCollector(each));
    this.wanted = keys;
  }
}
