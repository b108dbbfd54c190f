// What radvd is told of each link, with the lifetimes of delegated prefixes.
//
// radvd counts lifetimes down by itself (DecrementLifetimes) from the moment when it reads them, so a link's text is made
// once, and again when the link is another or the end of a prefix has come so near that it is to be counted down.
import type { AdvertisedLink } from '@sluice/shared';
import type { DaemonSpec } from './daemon.js';
import { changesAtMs, radvdSpec } from './radvd.js';

interface Made {
  link: string;
  spec: DaemonSpec;
  untilMs: number;
}

export class Advertisements {
  #made = new Map<string, Made>();

  constructor(private readonly runDir: string) {}

  specs(links: readonly AdvertisedLink[], nowMs: number): DaemonSpec[] {
    const made = new Map<string, Made>();
    for (const link of links) {
      const { interface: name } = link.section;
      const text = JSON.stringify(link);
      const before = this.#made.get(name);
      const isSame = before !== undefined && before.link === text && before.untilMs > nowMs;
      made.set(
        name,
        isSame
          ? before
          : { link: text, spec: radvdSpec(link, this.runDir, nowMs), untilMs: changesAtMs(link, nowMs) },
      );
    }
    this.#made = made;
    return [...made.values()].map(({ spec }) => spec);
  }

  isBehind(nowMs: number): boolean {
    return [...this.#made.values()].some(({ untilMs }) => untilMs <= nowMs);
  }
}
