// Builds one VRF's table on a thread of the pool; see fib-builder.ts.
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { FibArena } from './fib-arena.js';
import { FibError } from './fib-error.js';
import { type FibFamily, leafOf } from './fib-layout.js';
import { FibTrie } from './fib-trie.js';
import { checkRoute, type FibBuilt, type FibLoad } from './fib-writer.js';
import { IP4_FIB } from './ip4-fib-layout.js';
import { IP6_FIB } from './ip6-fib-layout.js';
import { clearBeyond, Rib } from './rib.js';

/** Routes at a time: see inRuns(). */
const RUN = 1024;

/** Routes as parallel arrays of one length; a prefix that comes twice has its last adjacency. */
export interface RouteArrays {
  /** One word a route for IPv4, four for IPv6, the most significant first. Host bits are ignored. */
  readonly addresses: Uint32Array;
  /** 0 to 32, or to 128. */
  readonly lengths: Uint8Array;
  readonly adjacencies: Uint32Array;
}

export interface BuildTask {
  readonly load: FibLoad;
  readonly routes: RouteArrays;
}

/** How a build ended. Expected errors are values: their class would not survive the way between threads. */
export type BuildResult =
  | { readonly built: FibBuilt }
  | { readonly failed: { readonly code: 'bad-route' | 'exhausted'; readonly message: string } };

export default function buildFib({ load, routes }: BuildTask): unknown {
  try {
    const built = build(load, routes);
    // Moved, not copied: the control thread does not stall on the arrays of a million routes.
    return move({
      [transferableSymbol]: [built.rib.words.buffer, built.rib.routesByLength.buffer],
      [valueSymbol]: { built } satisfies BuildResult,
    });
  } catch (error) {
    if (error instanceof FibError && (error.code === 'bad-route' || error.code === 'exhausted')) {
      return { failed: { code: error.code, message: error.message } } satisfies BuildResult;
    }
    throw error;
  }
}

/** Builds in the load's slabs, which nobody else writes and no reader can reach. */
export function build(load: FibLoad, routes: RouteArrays): FibBuilt {
  const { addresses, adjacencies } = routes;
  const family: FibFamily<unknown> = load.family === 'IPv4' ? IP4_FIB : IP6_FIB;
  const { words, bits } = family;
  const total = adjacencies.length;
  const arena = new FibArena(load.memory, load.slabs);
  const trie = new FibTrie(family, load.memory, arena, (index, shift) => arena.free(index, shift));
  const root = trie.create(load.wide ? family.wide : family.narrow);
  if (root === null) throw exhausted(load, 0, total);

  const rib = new Rib(words, total);
  const { order, from } = orderByLength(family, routes);
  const key = new Int32Array(words);
  // Short prefixes first: a longer one then finds its entries as they are to be around it, and each entry
  // is written about once.
  for (let length = 0; length <= bits; length++) {
    inRuns(from[length]!, from[length + 1]!, (first, end) => {
      for (let i = first; i < end; i++) {
        const route = order[i]!;
        for (let word = 0; word < words; word++) key[word] = addresses[route * words + word]!;
        clearBeyond(key, length);
        const adjacency = adjacencies[route]!;
        const isNew = rib.set(key, length, adjacency) === 0;
        // The writer gives the table its default route when it is published.
        if (length === 0) continue;
        if (!trie.insert(root, key, length, leafOf(length, adjacency), isNew))
          throw exhausted(load, i, total);
      }
    });
  }
  return { root, rib: rib.transfer() };
}

/** Calls `run` for parts of what lies between: what is called again and again is optimised, a long loop would not be. */
function inRuns(first: number, end: number, run: (first: number, end: number) => void): void {
  for (let at = first; at < end; at += RUN) run(at, Math.min(at + RUN, end));
}

/** Checks the routes, and sorts their indexes by prefix length, stably; `from` is where each length begins. */
function orderByLength(
  family: FibFamily<unknown>,
  { lengths, adjacencies }: RouteArrays,
): { order: Uint32Array; from: Uint32Array } {
  const from = new Uint32Array(family.bits + 2);
  inRuns(0, lengths.length, (first, end) => {
    for (let i = first; i < end; i++) {
      checkRoute(family, lengths[i]!, adjacencies[i]!, i);
      from[lengths[i]! + 1]!++;
    }
  });
  for (let length = 0; length <= family.bits; length++) from[length + 1]! += from[length]!;
  const order = new Uint32Array(lengths.length);
  const next = from.slice();
  inRuns(0, lengths.length, (first, end) => {
    for (let i = first; i < end; i++) order[next[lengths[i]!]!++] = i;
  });
  return { order, from };
}

function exhausted(load: FibLoad, done: number, total: number): FibError {
  return new FibError(
    'exhausted',
    `FIB memory ran out at route ${done} of ${total} of VRF ${load.vrf}: ` +
      'give the FIB more memory, or carry fewer routes',
  );
}
