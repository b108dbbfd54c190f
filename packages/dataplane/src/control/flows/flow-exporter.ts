// Makes messages of flows that have ended, and sends each to every collector.
import type { FlowTable } from '../../tables/flows.js';
import type { IpfixCollector } from './ipfix-collector.js';
import { IpfixMessage } from './ipfix-message.js';
import { addFlow } from './ipfix-templates.js';

export class FlowExporter {
  collectors: IpfixCollector[] = [];
  private readonly message = new IpfixMessage();

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  /** A flow that has ended; it is sent with others, at the next flush() at the latest. */
  add(table: FlowTable, slot: number, reason: number): void {
    if (this.collectors.length === 0 || addFlow(this.message, table, slot, reason)) return;
    this.flush();
    addFlow(this.message, table, slot, reason);
  }

  flush(): void {
    const { message } = this;
    if (message.isEmpty) return;
    const now = this.now();
    for (const collector of this.collectors) collector.send(message, now);
    message.clear();
  }

  /** Sends templates where they are due. */
  tick(): void {
    const now = this.now();
    for (const collector of this.collectors) collector.tick(now);
  }

  /** A sentence for each collector that nothing can be sent to. */
  problems(): string[] {
    return this.collectors.flatMap(({ problem, section: { host, port, vrf } }) =>
      problem === null ? [] : [`collector ${host} port ${port} in VRF ${vrf}: ${problem}`],
    );
  }

  close(): void {
    for (const collector of this.collectors) collector.close();
  }
}
