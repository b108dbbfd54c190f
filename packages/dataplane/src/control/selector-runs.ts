// The control side's allocator of selector rows: an SA's traffic selectors are consecutive, and change as a whole.
import { ip4Mask, ip6MaskWord, parseIp4Prefix, parseIp6Prefix, type TrafficSelector } from '@sluice/shared';
import type { EpochControl } from '../memory/epoch.js';
import {
  runCount,
  runFirst,
  SELECTOR_ANY_UPPER,
  SELECTOR_DST,
  SELECTOR_DST_MASK,
  SELECTOR_DST_PORTS,
  SELECTOR_FAMILY,
  SELECTOR_PROTOCOL,
  SELECTOR_SHIFT,
  SELECTOR_SRC,
  SELECTOR_SRC_MASK,
  SELECTOR_SRC_PORTS,
  SELECTORS_MAX,
  SELECTORS_PER_SA,
  selectorRun,
} from '../tables/selectors.js';

const PORT_MAX = 65_535;

export class SelectorRuns {
  /** Free runs by their length: a run that was given back is used again for as many selectors. */
  private readonly freed = new Map<number, number[]>();
  /** Row 0 is in no run, so that no run's word is 0. */
  private top = 1;

  constructor(
    private readonly words: Int32Array,
    private readonly epoch: EpochControl,
  ) {}

  /** Writes selectors into rows of their own; returns the run's word. Throws, with nothing written, when they do not fit. */
  add(selectors: readonly TrafficSelector[]): number {
    const count = selectors.length;
    if (count === 0 || count > SELECTORS_PER_SA)
      throw new Error(`an SA has from 1 to ${SELECTORS_PER_SA} traffic selectors, not ${count}`);
    const rows = selectors.map(rowOf);
    let first = this.freed.get(count)?.pop();
    if (first === undefined) {
      if (this.top + count > SELECTORS_MAX)
        throw new Error(`all ${SELECTORS_MAX} traffic selectors are in use: fewer, or wider ones, fit`);
      first = this.top;
      this.top += count;
    }
    for (const [i, row] of rows.entries()) this.words.set(row, (first + i) << SELECTOR_SHIFT);
    return selectorRun(first, count);
  }

  /** Gives a run back, once no worker can be reading it. */
  retire(run: number): void {
    if (run === 0) return;
    this.epoch.retire(() => {
      const runs = this.freed.get(runCount(run));
      if (runs === undefined) this.freed.set(runCount(run), [runFirst(run)]);
      else runs.push(runFirst(run));
    });
  }
}

function rowOf(selector: TrafficSelector): Int32Array {
  const row = new Int32Array(1 << SELECTOR_SHIFT);
  const source = prefixWords(selector.src);
  const destination = prefixWords(selector.dst);
  if (source === null || destination === null || source.family !== destination.family)
    throw new Error(
      `a selector from ${selector.src} to ${selector.dst} is not of two prefixes of one family`,
    );
  row[SELECTOR_FAMILY] = source.family;
  row[SELECTOR_PROTOCOL] = selector.protocol;
  row.set(selector.src_ports, SELECTOR_SRC_PORTS);
  row.set(selector.dst_ports, SELECTOR_DST_PORTS);
  const anyPorts = isAny(selector.src_ports) && isAny(selector.dst_ports);
  row[SELECTOR_ANY_UPPER] = selector.protocol === 0 && anyPorts ? 1 : 0;
  row.set(source.words, SELECTOR_SRC);
  row.set(source.mask, SELECTOR_SRC_MASK);
  row.set(destination.words, SELECTOR_DST);
  row.set(destination.mask, SELECTOR_DST_MASK);
  return row;
}

function isAny(ports: readonly [number, number]): boolean {
  return ports[0] === 0 && ports[1] === PORT_MAX;
}

function prefixWords(text: string): { family: 4 | 6; words: number[]; mask: number[] } | null {
  const four = parseIp4Prefix(text);
  if (four !== null) return { family: 4, words: [four.address], mask: [ip4Mask(four.length)] };
  const six = parseIp6Prefix(text);
  if (six === null) return null;
  return { family: 6, words: [...six.address], mask: [0, 1, 2, 3].map((i) => ip6MaskWord(six.length, i)) };
}
