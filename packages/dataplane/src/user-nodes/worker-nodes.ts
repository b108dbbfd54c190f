// The users' nodes of one worker: loaded into its graph and taken out of it, between two rounds.
import type { Dispatcher } from '../graph/dispatcher.js';
import { type AdaptedNode, adaptUserNode, type OnFault, type UserNodeFault } from './adapt.js';
import { defineUserNode, type UserNode } from './api.js';

export interface UserNodeOrder {
  /** Its place among users' nodes: names its counters. */
  slot: number;
  /** Where the compiled module is. */
  url: string;
  bit: number;
  onFault: OnFault;
}

export class WorkerNodes {
  private readonly loaded = new Map<number, AdaptedNode>();
  /** Names of the interfaces by row, for Packet.receivedBy. */
  private names: string[] = [];

  /** @param running word of shared memory that holds slot + 1 while that node runs, for the watchdog. */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly running: Int32Array,
    private readonly worker: number,
  ) {}

  nameInterfaces(names: string[]): void {
    this.names.splice(0, this.names.length, ...names);
  }

  /** Puts a node into its slot, in place of what was there. */
  async load({ slot, url, bit, onFault }: UserNodeOrder): Promise<void> {
    const module = (await import(url)) as { default: UserNode };
    const adapted = adaptUserNode(defineUserNode(module.default), bit, onFault, this.names);
    const { running, worker } = this;
    this.dispatcher.setUserNode(slot, {
      ...adapted.definition,
      run(context, frame, next, counters) {
        running[worker] = slot + 1;
        adapted.run(context, frame, next, counters);
        running[worker] = 0;
      },
    });
    this.loaded.set(slot, adapted);
  }

  /** Takes a node out; its interfaces have been switched off before. */
  unload(slot: number): void {
    this.dispatcher.setUserNode(slot, null);
    this.loaded.delete(slot);
  }

  /** What switched nodes off, by slot. */
  faults(): { slot: number; fault: UserNodeFault }[] {
    return [...this.loaded].flatMap(([slot, node]) => {
      const fault = node.fault();
      return fault === null ? [] : [{ slot, fault }];
    });
  }
}
