// The ways that routes lead: to a neighbour, directly by an interface, or by several of these that share the flows.
//
// Routes of the same ways share them. Of several, only those that work have buckets (tables/paths.ts): the interface
// is up, a neighbour answers, a tunnel has an SA. When none works all have, so that packets still ask for neighbours.
import type { EpochControl } from '../memory/epoch.js';
import { ADJ_MULTIPATH, type AdjacencyTable } from '../tables/adjacencies.js';
import { type InterfaceTable, KIND_TUNNEL } from '../tables/interfaces.js';
import type { PathTable } from '../tables/paths.js';
import { type Address, addressKey } from './address.js';
import { bucketShift, shareBuckets } from './bucket-shares.js';
import type { Interfaces } from './interfaces.js';
import { isUsable } from './neighbour-states.js';
import type { Neighbours } from './neighbours.js';

/** Paths that share a route at most, next hops behind other routes counted one by one. */
const PATHS_PER_ROUTE = 64;

export interface Path {
  /** The interface that it leaves by. */
  row: number;
  /** The neighbour; null for hosts that are directly reachable, and for a tunnel. */
  address: Address | null;
  /** Its share of the flows, relative to the others; may be a fraction. */
  weight: number;
}

/** What this needs to know of interfaces. */
export interface PathPort {
  /** The adjacency of hosts directly on an interface, or into a tunnel. */
  adjacencyOf(row: number): number;
  isUp(row: number): boolean;
  /** False for a tunnel without an SA. */
  isReady(row: number): boolean;
}

export function pathPort(interfaces: Interfaces, table: InterfaceTable): PathPort {
  return {
    adjacencyOf: (row) => interfaces.ofRow(row)?.adjacency ?? 0,
    isUp: (row) => interfaces.isUp(row),
    isReady: (row) => table.kind[row] !== KIND_TUNNEL || Atomics.load(table.tunnelSa, row) !== 0,
  };
}

interface Member extends Path {
  adjacency: number;
}

/** One use of a way, or several uses of the same. */
export interface Bundle {
  readonly key: string;
  /** What routes lead to. */
  readonly adjacency: number;
  readonly members: readonly Member[];
  uses: number;
  group: Group | null;
}

interface Group {
  first: number;
  shift: number;
  /** Per bucket: the member that has it. */
  buckets: Int32Array;
}

export class Paths {
  private readonly bundles = new Map<string, Bundle>();
  private readonly byAdjacency = new Map<number, Bundle>();

  constructor(
    private readonly adjacencies: AdjacencyTable,
    private readonly table: PathTable,
    private readonly neighbours: Neighbours,
    private readonly epoch: EpochControl,
    private readonly port: PathPort,
  ) {
    neighbours.onChange((row, address) => this.neighbourChanged(row, address));
  }

  /**
   * The way of these paths, one at least; release() gives it back. `like` is what the route had before: flows stay on
   * the paths that both have.
   */
  acquire(paths: readonly Path[], now: number, like: Bundle | null = null): Bundle {
    const merged = merge(paths);
    const key = keyOf(merged);
    const known = this.bundles.get(key);
    if (known !== undefined) {
      known.uses++;
      return known;
    }
    const members: Member[] = [];
    try {
      for (const path of merged) members.push({ ...path, adjacency: this.adjacencyOf(path, now) });
      const group = members.length === 1 ? null : this.makeGroup(members, like);
      const adjacency = group === null ? members[0]!.adjacency : this.addRow(group);
      const bundle: Bundle = { key, adjacency, members, uses: 1, group };
      this.bundles.set(key, bundle);
      if (group !== null) this.byAdjacency.set(adjacency, bundle);
      return bundle;
    } catch (error) {
      this.letGo(members);
      throw error;
    }
  }

  /** Gives a way back that a route no longer leads to. */
  release(bundle: Bundle): void {
    if (--bundle.uses > 0) return;
    const { group, adjacency } = bundle;
    this.bundles.delete(bundle.key);
    if (group !== null) {
      this.byAdjacency.delete(adjacency);
      this.epoch.retire(() => {
        this.adjacencies.release(adjacency);
        this.table.release(group.first, group.shift);
      });
    }
    this.letGo(bundle.members);
  }

  /** The members of a multipath adjacency, and which of them have flows; undefined for any other adjacency. */
  membersOf(adjacency: number): (Path & { active: boolean })[] | undefined {
    const bundle = this.byAdjacency.get(adjacency);
    if (bundle === undefined) return undefined;
    const active = new Set(bundle.group!.buckets);
    return bundle.members.map((member, i) => ({ ...member, active: active.has(i) }));
  }

  /** Follows interfaces, tunnels and neighbours, and asks for neighbours whose packets go another way meanwhile. */
  tick(now: number): void {
    for (const bundle of this.byAdjacency.values()) {
      this.balance(bundle.group!, bundle.members);
      for (const { row, address } of bundle.members) {
        if (address !== null && this.port.isUp(row) && !this.answers(row, address)) {
          this.neighbours.resolve(row, address, now);
        }
      }
    }
  }

  private neighbourChanged(row: number, address: Address): void {
    const key = addressKey(address);
    for (const { group, members } of this.byAdjacency.values()) {
      const concerns = members.some(
        (member) => member.row === row && member.address !== null && addressKey(member.address) === key,
      );
      if (concerns) this.balance(group!, members);
    }
  }

  private adjacencyOf({ row, address }: Path, now: number): number {
    return address === null ? this.port.adjacencyOf(row) : this.neighbours.reference(row, address, now);
  }

  private letGo(members: readonly Member[]): void {
    for (const { row, address } of members) {
      if (address !== null) this.neighbours.release(row, address);
    }
  }

  private makeGroup(members: readonly Member[], like: Bundle | null): Group {
    const shift = bucketShift(members.length);
    const first = this.table.take(shift);
    if (first < 0) {
      throw new Error('all buckets for routes with several next hops are in use: fewer of them fit');
    }
    const group = { first, shift, buckets: new Int32Array(1 << shift).fill(-1) };
    if (like !== null) inherit(group, members, like);
    this.balance(group, members);
    return group;
  }

  private addRow({ first, shift }: Group): number {
    const mask = (1 << shift) - 1;
    try {
      return this.adjacencies.add({ kind: ADJ_MULTIPATH, interface: 0, mtu: mask, nextHop: first });
    } catch (error) {
      this.table.release(first, shift);
      throw error;
    }
  }

  /** Shares the buckets among the members that work; each bucket changes by one store. */
  private balance(group: Group, members: readonly Member[]): void {
    const up = members.map(({ row }) => this.port.isUp(row));
    const works = members.map(
      ({ row, address }, i) =>
        up[i]! && this.port.isReady(row) && (address === null || this.answers(row, address)),
    );
    const chosen = works.includes(true) ? works : up.includes(true) ? up : members.map(() => true);
    const weights = members.map(({ weight }, i) => (chosen[i] ? weight : 0));
    const after = shareBuckets(group.buckets, weights);
    const { words } = this.table;
    after.forEach((member, bucket) => {
      const { adjacency } = members[member]!;
      if (words[group.first + bucket] !== adjacency) Atomics.store(words, group.first + bucket, adjacency);
    });
    group.buckets = after;
  }

  private answers(row: number, address: Address): boolean {
    const state = this.neighbours.get(row, address)?.state;
    return state !== undefined && isUsable(state);
  }
}

/** Has a new group's buckets start with the members that they had in another. */
function inherit(group: Group, members: readonly Path[], like: Bundle): void {
  const same = like.members.map((old) => members.findIndex((member) => wayOf(member) === wayOf(old)));
  group.buckets.forEach((_, bucket) => {
    // The low bits of the hash choose the bucket: with more buckets, those with the same low bits go on alike.
    const old = like.group === null ? 0 : like.group.buckets[bucket & (like.group.buckets.length - 1)]!;
    group.buckets[bucket] = same[old] ?? -1;
  });
}

/** Paths of one way as one, in an order that does not depend on how they were written. */
function merge(paths: readonly Path[]): Path[] {
  const ways = new Map<string, Path>();
  for (const path of paths) {
    const way = wayOf(path);
    ways.set(way, { ...path, weight: path.weight + (ways.get(way)?.weight ?? 0) });
  }
  const sorted = [...ways.values()].sort((a, b) => (wayOf(a) < wayOf(b) ? -1 : 1));
  if (sorted.length > PATHS_PER_ROUTE) {
    throw new Error(`its next hops come to ${sorted.length} paths: at most ${PATHS_PER_ROUTE} share a route`);
  }
  return sorted;
}

function wayOf({ row, address }: Path): string {
  return `${row} ${address === null ? 'directly' : addressKey(address)}`;
}

function keyOf(paths: readonly Path[]): string {
  if (paths.length === 1) return wayOf(paths[0]!);
  const total = paths.reduce((sum, { weight }) => sum + weight, 0);
  return paths.map((path) => `${wayOf(path)} ${(path.weight / total).toFixed(6)}`).join(', ');
}
