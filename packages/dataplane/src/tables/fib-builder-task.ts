// Builds one VRF's table on a thread of the pool; see fib-builder.ts.
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { Ip4FibArena } from './ip4-fib-arena.js';
import { Ip4FibError } from './ip4-fib-error.js';
import { leafOf, NARROW, WIDE } from './ip4-fib-layout.js';
import { Ip4FibTrie } from './ip4-fib-trie.js';
import { checkRoute, type Ip4FibBuilt, type Ip4FibLoad } from './ip4-fib-writer.js';
import { Ip4Rib } from './ip4-rib.js';

/** Routes as parallel arrays of one length; a prefix that comes twice has its last adjacency. */
export interface Ip4RouteArrays {
  /** Host bits are ignored. */
  readonly addresses: Uint32Array;
  /** 0 to 32. */
  readonly lengths: Uint8Array;
  readonly adjacencies: Uint32Array;
}

export interface BuildTask {
  readonly load: Ip4FibLoad;
  readonly routes: Ip4RouteArrays;
}

/** How a build ended. Expected errors are values: their class would not survive the way between threads. */
export type BuildResult =
  | { readonly built: Ip4FibBuilt }
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
    if (error instanceof Ip4FibError && (error.code === 'bad-route' || error.code === 'exhausted')) {
      return { failed: { code: error.code, message: error.message } } satisfies BuildResult;
    }
    throw error;
  }
}

/** Builds in the load's slabs, which nobody else writes and no reader can reach. */
export function build(load: Ip4FibLoad, routes: Ip4RouteArrays): Ip4FibBuilt {
  const { addresses, adjacencies } = routes;
  const arena = new Ip4FibArena(load.memory, load.slabs);
  const trie = new Ip4FibTrie(load.memory, arena, (index, shift) => arena.free(index, shift));
  const root = trie.create(load.wide ? WIDE : NARROW);
  if (root === null) throw exhausted(load, 0, addresses.length);

  const rib = new Ip4Rib(addresses.length);
  const { order, from } = orderByLength(routes);
  // Short prefixes first: a longer one then finds its entries as they are to be around it, and each entry
  // is written about once.
  for (let length = 0; length <= 32; length++) {
    const mask = length === 0 ? 0 : -1 << (32 - length);
    for (let i = from[length]!; i < from[length + 1]!; i++) {
      const route = order[i]!;
      const network = addresses[route]! & mask;
      const adjacency = adjacencies[route]!;
      const isNew = rib.set(network, length, adjacency) === 0;
      if (!trie.insert(root, network, length, leafOf(length, adjacency), isNew)) {
        throw exhausted(load, i, addresses.length);
      }
    }
  }
  return { root, rib: rib.transfer() };
}

/** Checks the routes, and sorts their indexes by prefix length, stably; `from` is where each length begins. */
function orderByLength({ lengths, adjacencies }: Ip4RouteArrays): { order: Uint32Array; from: Uint32Array } {
  const from = new Uint32Array(34);
  for (let i = 0; i < lengths.length; i++) {
    checkRoute(lengths[i]!, adjacencies[i]!, i);
    from[lengths[i]! + 1]!++;
  }
  for (let length = 0; length <= 32; length++) from[length + 1]! += from[length]!;
  const order = new Uint32Array(lengths.length);
  const next = from.slice();
  for (let i = 0; i < lengths.length; i++) order[next[lengths[i]!]!++] = i;
  return { order, from };
}

function exhausted(load: Ip4FibLoad, done: number, total: number): Ip4FibError {
  return new Ip4FibError(
    'exhausted',
    `FIB memory ran out at route ${done} of ${total} of VRF ${load.vrf}: ` +
      'give the FIB more memory, or carry fewer routes',
  );
}
