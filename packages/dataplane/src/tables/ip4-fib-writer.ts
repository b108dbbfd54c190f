// The control side of the IPv4 FIB: the one writer of its shared memory.
//
// Each VRF has its routes (ip4-rib.ts) and a trie that workers read (ip4-fib-trie.ts). The first VRFs get
// wide roots; later ones start narrow and become wide when they have grown, by one store of the root.
import type { EpochControl } from '../memory/epoch.js';
import { type ArenaStatistics, Ip4FibArena } from './ip4-fib-arena.js';
import { Ip4FibError } from './ip4-fib-error.js';
import {
  type Ip4FibMemory,
  LEAF_ADJACENCY,
  leafOf,
  NARROW,
  ROOT_NONE,
  type Shape,
  SLAB_SHIFT,
  WIDE,
} from './ip4-fib-layout.js';
import { blocksNeeded, Ip4FibTrie } from './ip4-fib-trie.js';
import { Ip4Rib, type Ip4RibTransfer, type Ip4Route } from './ip4-rib.js';

/** Wide roots that VRFs get without having grown: 16 MiB for speed from the first route on. */
const WIDE_FROM_START = 64;
/** Routes at which a narrow VRF becomes wide: its narrow blocks take about as much as a wide root then. */
const WIDE_FROM_ROUTES = 1024;
/** Blocks retired before a change looks whether workers have let go of them. */
const RECLAIM_EVERY = 256;

interface Vrf {
  root: number;
  rib: Ip4Rib;
  /** Routes at which it is next tried to make the VRF wide. */
  widenAt: number;
  /** While a load is under way: the changes since its begin, four words each, see replay(). */
  journal: number[] | null;
}

/** What a builder needs to build a VRF's table, on any thread. */
export interface Ip4FibLoad {
  readonly vrf: number;
  readonly memory: Ip4FibMemory;
  readonly wide: boolean;
  /** Slabs that are the builder's until the load is published or abandoned. */
  readonly slabs: Int32Array;
}

/** What it built. */
export interface Ip4FibBuilt {
  readonly root: number;
  readonly rib: Ip4RibTransfer;
}

export interface Ip4FibStatistics extends ArenaStatistics {
  vrfs: number;
  routes: number;
  /** Blocks unlinked, and still counted as used, because a worker may be reading them. */
  blocksRetired: number;
}

export class Ip4FibWriter {
  private readonly memory: Ip4FibMemory;
  private readonly roots: Int32Array;
  private readonly arena: Ip4FibArena;
  private readonly trie: Ip4FibTrie;
  private readonly epoch: EpochControl;
  private readonly vrfs = new Map<number, Vrf>();
  private readonly loads = new Map<Ip4FibLoad, Vrf>();
  private retired = 0;
  private retiredSinceReclaim = 0;

  /** Takes fresh memory into use. `epoch` is what the FIB's readers report to. */
  constructor(memory: Ip4FibMemory, epoch: EpochControl) {
    this.memory = memory;
    this.epoch = epoch;
    this.roots = new Int32Array(memory.roots);
    this.arena = new Ip4FibArena(memory, Ip4FibArena.slabsOf(memory));
    this.trie = new Ip4FibTrie(memory, this.arena, (index, shift) => this.retire(index, shift));
    // The first block allocated is the one that ROOT_NONE means.
    if (this.trie.create(NARROW) !== ROOT_NONE)
      throw new Error('the FIB memory has been in use: allocate anew');
  }

  hasVrf(vrf: number): boolean {
    return this.vrfs.has(vrf);
  }

  /** Throws Ip4FibError `vrf-exists`, `no-vrf` (number out of range) or `exhausted`. */
  createVrf(vrf: number): void {
    if (this.vrfs.has(vrf)) throw new Ip4FibError('vrf-exists', `VRF ${vrf} exists in the FIB already`);
    if (!(Number.isInteger(vrf) && vrf >= 0 && vrf < this.roots.length)) {
      const last = this.roots.length - 1;
      throw new Ip4FibError('no-vrf', `VRF ${vrf} is out of range: the FIB has room for 0 to ${last}`);
    }
    const wide = this.arena.statistics().wideRoots < WIDE_FROM_START ? this.trie.create(WIDE) : null;
    const root = wide ?? this.trie.create(NARROW) ?? this.retryCreate(NARROW);
    this.vrfs.set(vrf, { root, rib: new Ip4Rib(), widenAt: WIDE_FROM_ROUTES, journal: null });
    Atomics.store(this.roots, vrf, root);
  }

  /** Removes a VRF and its routes; false when there is none of that number. */
  removeVrf(vrf: number): boolean {
    const entry = this.vrfs.get(vrf);
    if (entry === undefined) return false;
    Atomics.store(this.roots, vrf, ROOT_NONE);
    this.vrfs.delete(vrf);
    this.retireTable(entry.root);
    return true;
  }

  /**
   * Adds a route, or gives an existing one another adjacency. Host bits of `address` are ignored.
   * Throws Ip4FibError `no-vrf`, `bad-route` or `exhausted`; the table is as before then.
   */
  add(vrf: number, address: number, length: number, adjacency: number): void {
    const entry = this.vrf(vrf);
    checkRoute(length, adjacency);
    const network = networkOf(address, length);
    this.insert(entry.root, entry.rib, network, length, adjacency);
    entry.journal?.push(1, network, length, adjacency);
    if (entry.root < 0 && entry.rib.size >= entry.widenAt) this.widen(vrf, entry);
    this.reclaimNowAndThen();
  }

  /** Removes a route; false when there is no route of exactly this prefix. Throws Ip4FibError `no-vrf`. */
  remove(vrf: number, address: number, length: number): boolean {
    const entry = this.vrf(vrf);
    const network = networkOf(address, length);
    const removed = this.withdraw(entry.root, entry.rib, network, length);
    if (removed) entry.journal?.push(0, network, length, 0);
    this.reclaimNowAndThen();
    return removed;
  }

  /** The adjacency of the route of exactly this prefix; 0 when there is none. Throws Ip4FibError `no-vrf`. */
  get(vrf: number, address: number, length: number): number {
    return this.vrf(vrf).rib.get(networkOf(address, length), length);
  }

  /** A VRF's routes in prefix order. Throws Ip4FibError `no-vrf`. */
  routes(vrf: number): Iterable<Ip4Route> {
    return this.vrf(vrf).rib;
  }

  /** How many routes a VRF has. Throws Ip4FibError `no-vrf`. */
  routeCount(vrf: number): number {
    return this.vrf(vrf).rib.size;
  }

  statistics(): Ip4FibStatistics {
    let routes = 0;
    for (const { rib } of this.vrfs.values()) routes += rib.size;
    return { ...this.arena.statistics(), vrfs: this.vrfs.size, routes, blocksRetired: this.retired };
  }

  /**
   * Begins to replace all routes of a VRF by a table built elsewhere (fib-builder.ts). Changes made from
   * here to publishLoad take effect at once, and are made again in the new table before it is published.
   * `routesByLength` says how many routes of each length, 0 to 32, will come.
   * Throws Ip4FibError `no-vrf`, or `busy` when a load of this VRF is under way.
   */
  beginLoad(vrf: number, routesByLength: ArrayLike<number>): Ip4FibLoad {
    const entry = this.vrf(vrf);
    if (entry.journal !== null) {
      throw new Ip4FibError('busy', `routes of VRF ${vrf} are being loaded: wait for that to end`);
    }
    const routes = Array.from(routesByLength).reduce((sum, count) => sum + count, 0);
    const wide = entry.root >= 0 || routes >= WIDE_FROM_ROUTES;
    const shape = wide ? WIDE : NARROW;
    const entries = blocksNeeded(shape, routesByLength) * 2 ** shape.blocks[1]!;
    const slabs = this.arena.setAside(1 + Math.ceil(entries / 2 ** SLAB_SHIFT));
    const load = { vrf, memory: this.memory, wide, slabs };
    entry.journal = [];
    this.loads.set(load, entry);
    return load;
  }

  /**
   * Publishes what was built, by one store. Throws Ip4FibError `no-vrf` when the VRF was removed
   * meanwhile, or `exhausted`; the load is abandoned then, and the VRF has the routes that it had.
   */
  publishLoad(load: Ip4FibLoad, built: Ip4FibBuilt): void {
    const entry = this.endLoad(load);
    const { root } = built;
    const rib = Ip4Rib.from(built.rib);
    const journal = entry.journal ?? [];
    entry.journal = null;
    this.arena.adopt(load.slabs);
    try {
      if (this.vrfs.get(load.vrf) !== entry) {
        throw new Ip4FibError('no-vrf', `VRF ${load.vrf} was removed while its routes were being loaded`);
      }
      this.replay(root, rib, journal);
    } catch (error) {
      this.trie.dismantle(root, (index, shift) => this.arena.free(index, shift));
      throw error;
    }
    const before = entry.root;
    entry.root = root;
    entry.rib = rib;
    Atomics.store(this.roots, load.vrf, root);
    this.retireTable(before);
    this.reclaimNowAndThen();
  }

  /** Ends a load that failed; the builder's thread must have stopped writing. */
  abandonLoad(load: Ip4FibLoad): void {
    this.endLoad(load).journal = null;
    this.arena.discard(load.slabs);
  }

  private endLoad(load: Ip4FibLoad): Vrf {
    const entry = this.loads.get(load);
    if (entry === undefined) throw new Error('this load has ended already');
    this.loads.delete(load);
    return entry;
  }

  private replay(root: number, rib: Ip4Rib, journal: readonly number[]): void {
    for (let at = 0; at < journal.length; at += 4) {
      const [isAdd, address, length, adjacency] = journal.slice(at, at + 4) as [
        number,
        number,
        number,
        number,
      ];
      if (isAdd === 1) this.insert(root, rib, address, length, adjacency);
      else this.withdraw(root, rib, address, length);
    }
  }

  private insert(root: number, rib: Ip4Rib, network: number, length: number, adjacency: number): void {
    const before = rib.get(network, length);
    if (before === adjacency) return;
    const leaf = leafOf(length, adjacency);
    if (!this.trie.insert(root, network, length, leaf, before === 0)) {
      this.epoch.reclaim();
      if (!this.trie.insert(root, network, length, leaf, before === 0)) throw this.exhausted();
    }
    rib.set(network, length, adjacency);
  }

  private withdraw(root: number, rib: Ip4Rib, network: number, length: number): boolean {
    if (rib.delete(network, length) === 0) return false;
    this.trie.remove(root, network, length, rib.covering(network, length));
    return true;
  }

  private widen(vrf: number, entry: Vrf): void {
    const root = this.trie.create(WIDE);
    let fits = root !== null;
    if (root !== null) {
      entry.rib.forEach((address, length, adjacency) => {
        fits &&= this.trie.insert(root, address, length, leafOf(length, adjacency), true);
      });
    }
    if (root === null || !fits) {
      // It stays narrow, which is slower to read but right; it is tried again when it has doubled.
      if (root !== null) this.trie.dismantle(root, (index, shift) => this.arena.free(index, shift));
      entry.widenAt *= 2;
      return;
    }
    const before = entry.root;
    entry.root = root;
    Atomics.store(this.roots, vrf, root);
    this.retireTable(before);
  }

  private retryCreate(shape: Shape): number {
    this.epoch.reclaim();
    const root = this.trie.create(shape);
    if (root === null) throw this.exhausted();
    return root;
  }

  private retireTable(root: number): void {
    this.retired++;
    this.retiredSinceReclaim++;
    this.epoch.retire(() => {
      this.retired--;
      this.trie.dismantle(root, (index, shift) => this.arena.free(index, shift));
    });
  }

  private retire(index: number, shift: number): void {
    this.retired++;
    this.retiredSinceReclaim++;
    this.epoch.retire(() => {
      this.retired--;
      this.arena.free(index, shift);
    });
  }

  private reclaimNowAndThen(): void {
    if (this.retiredSinceReclaim < RECLAIM_EVERY) return;
    this.retiredSinceReclaim = 0;
    this.epoch.reclaim();
  }

  private vrf(vrf: number): Vrf {
    const entry = this.vrfs.get(vrf);
    if (entry === undefined) {
      throw new Ip4FibError('no-vrf', `VRF ${vrf} does not exist in the FIB: create it first`);
    }
    return entry;
  }

  private exhausted(): Ip4FibError {
    const mebibytes = this.memory.entries.byteLength / 2 ** 20;
    return new Ip4FibError(
      'exhausted',
      `all ${mebibytes} MiB of FIB memory are in use: give the FIB more memory, or carry fewer routes`,
    );
  }
}

/** Throws Ip4FibError `bad-route` unless length and adjacency are in range; `index` names one of many. */
export function checkRoute(length: number, adjacency: number, index?: number): void {
  const name = index === undefined ? 'the route' : `route ${index}`;
  if (!(Number.isInteger(length) && length >= 0 && length <= 32)) {
    throw new Ip4FibError('bad-route', `${name} has prefix length ${length}: it must be from 0 to 32`);
  }
  if (!(Number.isInteger(adjacency) && adjacency > 0 && adjacency <= LEAF_ADJACENCY)) {
    const range = `from 1 to ${LEAF_ADJACENCY}`;
    throw new Ip4FibError('bad-route', `${name} has adjacency ${adjacency}: it must be ${range}`);
  }
}

function networkOf(address: number, length: number): number {
  return length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
}
