// A way that packets go: from a generator through what is measured to a sink that counts them.
import { setTimeout as pause } from 'node:timers/promises';
import type { LabNode } from '@sluice/lab';
import type { Sending } from './loss-free.js';
import { generate, type Load, type Sent, type XdpProgram } from './traffic.js';

/** What is under way when the generator ends. */
const SETTLE_MS = 100;

export interface WayEnds {
  generator: LabNode;
  /** The generator's device, and where its packets go first. */
  fromDevice: string;
  toMac: string;
  from: string;
  to: string;
  sink: XdpProgram;
}

export class Way {
  private readonly parts: { close(): Promise<void> }[] = [];

  constructor(
    readonly name: string,
    readonly ends: WayEnds,
    /** In the order in which they were made. */
    parts: readonly { close(): Promise<void> }[],
  ) {
    this.parts.push(...parts);
  }

  /** Has everybody know his neighbours. */
  async wake(): Promise<void> {
    const { generator, to } = this.ends;
    await generator.run(['ping', '-c', '2', '-i', '0.2', '-W', '5', to]);
  }

  send(load: Pick<Load, 'length' | 'rate' | 'seconds' | 'core' | 'batch' | 'burstMs'>): Promise<Sent> {
    const { generator, sink: _, ...ends } = this.ends;
    return generate(generator, { ...ends, ...load });
  }

  /** Sends, and tells what did not arrive. */
  async sendAndCount(
    load: Pick<Load, 'length' | 'rate' | 'seconds' | 'core' | 'batch' | 'burstMs'>,
  ): Promise<Sending> {
    const before = await this.ends.sink.look();
    const { sent, seconds } = await this.send(load);
    await pause(SETTLE_MS);
    const after = await this.ends.sink.look();
    return { lost: 1 - (after.packets - before.packets) / sent, rate: sent / seconds };
  }

  async close(): Promise<void> {
    await closeAll(this.parts.splice(0));
  }
}

/** From the last to the first. */
export async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of [...parts].reverse()) await part.close();
}
