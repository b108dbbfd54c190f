// Routes and destinations, made from a seed and written to a file that both sides read: they do the same lookups.
//
// Little-endian 32-bit words: routes, destinations; then for each route its address, length and next hop (0 to
// NEXT_HOPS - 1); then the destinations, all of which have a route.
import { readFileSync, writeFileSync } from 'node:fs';

export const NEXT_HOPS = 16;

export interface Workload {
  addresses: Uint32Array;
  lengths: Uint8Array;
  nextHops: Uint8Array;
  destinations: Uint32Array;
}

/**
 * Prefix lengths of the Internet's routing table, in 1/1000: more than half are /24, most others /19 to /23. Rounded from
 * the public reports on the table's composition.
 */
const LENGTHS: readonly [length: number, share: number][] = [
  [24, 600],
  [23, 98],
  [22, 112],
  [21, 52],
  [20, 45],
  [19, 25],
  [18, 14],
  [17, 8],
  [16, 14],
  [15, 2],
  [14, 2],
  [13, 1],
  [25, 7],
  [26, 5],
  [27, 4],
  [28, 4],
  [29, 4],
  [30, 1],
  [32, 2],
];

/** xorshift32: the same numbers from the same seed, on any machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** 32 bits. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }

  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }
}

/** One route, 10.9.0.0/16, and destinations all over it. */
export function oneRoute(destinations: number, seed: number): Workload {
  const random = new Random(seed);
  return {
    addresses: Uint32Array.of(0x0a090000),
    lengths: Uint8Array.of(16),
    nextHops: Uint8Array.of(0),
    destinations: Uint32Array.from({ length: destinations }, () => 0x0a090000 + random.below(1 << 16)),
  };
}

/** Different random routes of the Internet's lengths within 16.0.0.0 to 111.255.255.255, and destinations within them. */
export function internetRoutes(routes: number, destinations: number, seed: number): Workload {
  const random = new Random(seed);
  const pattern = LENGTHS.flatMap(([length, share]) => new Array<number>(share).fill(length));
  const seen = new Set<number>();
  const addresses = new Uint32Array(routes);
  const lengths = new Uint8Array(routes);
  const nextHops = new Uint8Array(routes);
  for (let i = 0; i < routes; ) {
    const length = pattern[random.below(pattern.length)]!;
    const address = randomAddress(random) & -(2 ** (32 - length));
    const key = (address >>> 0) * 64 + length;
    if (seen.has(key)) continue;
    seen.add(key);
    addresses[i] = address;
    lengths[i] = length;
    nextHops[i++] = random.below(NEXT_HOPS);
  }
  const inside = Uint32Array.from({ length: destinations }, () => {
    const route = random.below(routes);
    const host = lengths[route] === 32 ? 0 : random.next() & (2 ** (32 - lengths[route]!) - 1);
    return addresses[route]! | host;
  });
  return { addresses, lengths, nextHops, destinations: inside };
}

/** Unicast, and nowhere that the box's own networks are. */
function randomAddress(random: Random): number {
  return ((16 + random.below(96)) << 24) | (random.next() & 0xffffff);
}

export function writeWorkload(file: string, { addresses, lengths, nextHops, destinations }: Workload): void {
  const words = new Uint32Array(2 + addresses.length * 3 + destinations.length);
  words[0] = addresses.length;
  words[1] = destinations.length;
  for (let i = 0; i < addresses.length; i++) {
    words.set([addresses[i]!, lengths[i]!, nextHops[i]!], 2 + i * 3);
  }
  words.set(destinations, 2 + addresses.length * 3);
  writeFileSync(file, words);
}

export function readWorkload(file: string): Workload {
  const octets = readFileSync(file);
  const words = new Uint32Array(octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length));
  const [routes, destinations] = [words[0]!, words[1]!];
  const column = (which: number) => Uint32Array.from({ length: routes }, (_, i) => words[2 + i * 3 + which]!);
  return {
    addresses: column(0),
    lengths: Uint8Array.from(column(1)),
    nextHops: Uint8Array.from(column(2)),
    destinations: words.slice(2 + routes * 3, 2 + routes * 3 + destinations),
  };
}
