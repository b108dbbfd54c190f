// The control side of a FIB: the one writer of its shared memory, for either address family.
//
// Each VRF has its routes (rib.ts) and a trie that workers read (fib-trie.ts). The first VRFs get wide
// roots; later ones start narrow and become wide when they have grown, by one store of the root.
import type { EpochControl } from '../memory/epoch.js';
import { type ArenaStatistics, FibArena } from './fib-arena.js';
import { entriesNeeded } from './fib-blocks.js';
import { FibError } from './fib-error.js';
import {
  BLOCK_SHIFT_MIN,
  blockOf,
  DEFAULT_CHANGE,
  type FibFamily,
  type FibMemory,
  LEAF_ADJACENCY,
  leafOf,
  ROOT_NONE,
  type Shape,
  SLAB_SHIFT,
} from './fib-layout.js';
import { FibTrie } from './fib-trie.js';
import { clearBeyond, Rib, type RibTransfer } from './rib.js';

export interface FibRoute<Address> {
  /** No bits beyond the length. */
  address: Address;
  /** 0 to 32, or to 128. */
  length: number;
  adjacency: number;
}

/** Routes at which a narrow VRF becomes wide: narrow IPv4 blocks take about as much as a wide root then. */
const WIDE_FROM_ROUTES = 1024;
/** Blocks retired before a change looks whether workers have let go of them. */
const RECLAIM_EVERY = 256;

interface Vrf {
  root: number;
  rib: Rib;
  /** Routes at which it is next tried to make the VRF wide. */
  widenAt: number;
  /** While a load is under way: the changes since its begin, see replay(). */
  journal: number[] | null;
}

/** What a builder needs to build a VRF's table, on any thread. */
export interface FibLoad {
  readonly vrf: number;
  readonly family: 'IPv4' | 'IPv6';
  readonly memory: FibMemory;
  readonly wide: boolean;
  /** Slabs that are the builder's until the load is published or abandoned. */
  readonly slabs: Int32Array;
}

/** What it built. */
export interface FibBuilt {
  readonly root: number;
  readonly rib: RibTransfer;
}

export interface FibStatistics extends ArenaStatistics {
  vrfs: number;
  routes: number;
  /** Blocks unlinked, and still counted as used, because a worker may be reading them. */
  blocksRetired: number;
}

export class FibWriter<Address> {
  readonly family: FibFamily<Address>;
  private readonly memory: FibMemory;
  private readonly roots: Int32Array;
  private readonly defaults: Int32Array;
  private readonly arena: FibArena;
  private readonly trie: FibTrie;
  private readonly epoch: EpochControl;
  private readonly vrfs = new Map<number, Vrf>();
  private readonly loads = new Map<FibLoad, Vrf>();
  private retired = 0;
  private retiredSinceReclaim = 0;
  /** The prefix of the change at hand. */
  private readonly key: Int32Array;

  /** Takes fresh memory into use. `epoch` is what the FIB's readers report to. */
  constructor(family: FibFamily<Address>, memory: FibMemory, epoch: EpochControl) {
    this.family = family;
    this.key = new Int32Array(family.words);
    this.memory = memory;
    this.epoch = epoch;
    this.roots = new Int32Array(memory.roots);
    this.defaults = new Int32Array(memory.defaults);
    this.arena = new FibArena(memory, FibArena.slabsOf(memory));
    this.trie = new FibTrie(family, memory, this.arena, (index, shift) => this.retire(index, shift));
    // The first block allocated is the one that ROOT_NONE means.
    if (this.trie.create(family.narrow) !== ROOT_NONE) {
      throw new Error('the FIB memory has been in use: allocate anew');
    }
  }

  hasVrf(vrf: number): boolean {
    return this.vrfs.has(vrf);
  }

  /** Throws FibError `vrf-exists`, `no-vrf` (number out of range) or `exhausted`. */
  createVrf(vrf: number): void {
    if (this.vrfs.has(vrf)) throw new FibError('vrf-exists', `VRF ${vrf} exists in the FIB already`);
    if (!(Number.isInteger(vrf) && vrf >= 0 && vrf < this.roots.length)) {
      const last = this.roots.length - 1;
      throw new FibError('no-vrf', `VRF ${vrf} is out of range: the FIB has room for 0 to ${last}`);
    }
    const { family } = this;
    const startsWide = this.arena.statistics().wideRoots < family.wideFromStart;
    const wide = startsWide ? this.trie.create(family.wide) : null;
    const root = wide ?? this.trie.create(family.narrow) ?? this.retryCreate(family.narrow);
    this.resetDefault(root);
    this.vrfs.set(vrf, { root, rib: new Rib(family.words), widenAt: WIDE_FROM_ROUTES, journal: null });
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
   * Throws FibError `no-vrf`, `bad-route` or `exhausted`; the table is as before then.
   */
  add(vrf: number, address: Address, length: number, adjacency: number): void {
    const entry = this.vrf(vrf);
    checkRoute(this.family, length, adjacency);
    const key = this.keyOf(address, length);
    this.insert(entry.root, entry.rib, key, length, adjacency);
    entry.journal?.push(1, ...key, length, adjacency);
    if (entry.root < 0 && entry.rib.size >= entry.widenAt) this.widen(vrf, entry);
    this.reclaimNowAndThen();
  }

  /** Removes a route; false when there is no route of exactly this prefix. Throws FibError `no-vrf`. */
  remove(vrf: number, address: Address, length: number): boolean {
    const entry = this.vrf(vrf);
    const key = this.keyOf(address, length);
    const removed = this.withdraw(entry.root, entry.rib, key, length);
    if (removed) entry.journal?.push(0, ...key, length, 0);
    this.reclaimNowAndThen();
    return removed;
  }

  /** The adjacency of the route of exactly this prefix; 0 when there is none. Throws FibError `no-vrf`. */
  get(vrf: number, address: Address, length: number): number {
    return this.vrf(vrf).rib.get(this.keyOf(address, length), length);
  }

  /** A VRF's routes in prefix order. Throws FibError `no-vrf`. */
  *routes(vrf: number): Generator<FibRoute<Address>, void, undefined> {
    for (const { key, length, adjacency } of this.vrf(vrf).rib) {
      yield { address: this.family.fromKey(key), length, adjacency };
    }
  }

  /** How many routes a VRF has. Throws FibError `no-vrf`. */
  routeCount(vrf: number): number {
    return this.vrf(vrf).rib.size;
  }

  statistics(): FibStatistics {
    let routes = 0;
    for (const { rib } of this.vrfs.values()) routes += rib.size;
    return { ...this.arena.statistics(), vrfs: this.vrfs.size, routes, blocksRetired: this.retired };
  }

  /**
   * Begins to replace all routes of a VRF by a table built elsewhere (fib-builder.ts). Changes made from
   * here to publishLoad take effect at once, and are made again in the new table before it is published.
   * `routesByLength` says how many routes of each length, 0 to that of an address, will come.
   * Throws FibError `no-vrf`, or `busy` when a load of this VRF is under way.
   */
  beginLoad(vrf: number, routesByLength: ArrayLike<number>): FibLoad {
    const entry = this.vrf(vrf);
    if (entry.journal !== null) {
      throw new FibError('busy', `routes of VRF ${vrf} are being loaded: wait for that to end`);
    }
    const routes = Array.from(routesByLength).reduce((sum, count) => sum + count, 0);
    const wide = entry.root >= 0 || routes >= WIDE_FROM_ROUTES;
    const { family, memory } = this;
    const shape = wide ? family.wide : family.narrow;
    // One slab for the root, and one of each size of block, which may stay almost empty.
    const sizes = new Set(shape.blocks).size;
    const entries = entriesNeeded(shape, routesByLength);
    const slabs = this.arena.setAside(1 + sizes + Math.ceil(entries / 2 ** SLAB_SHIFT));
    const load = { vrf, family: family.name, memory, wide, slabs };
    entry.journal = [];
    this.loads.set(load, entry);
    return load;
  }

  /**
   * Publishes what was built, by one store. Throws FibError `no-vrf` when the VRF was removed
   * meanwhile, or `exhausted`; the load is abandoned then, and the VRF has the routes that it had.
   */
  publishLoad(load: FibLoad, built: FibBuilt): void {
    const entry = this.endLoad(load);
    const { root } = built;
    const rib = Rib.from(this.family.words, built.rib);
    const journal = entry.journal ?? [];
    entry.journal = null;
    this.arena.adopt(load.slabs);
    try {
      if (this.vrfs.get(load.vrf) !== entry) {
        throw new FibError('no-vrf', `VRF ${load.vrf} was removed while its routes were being loaded`);
      }
      this.resetDefault(root);
      this.setDefault(root, rib.get(this.key.fill(0), 0));
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
  abandonLoad(load: FibLoad): void {
    this.endLoad(load).journal = null;
    this.arena.discard(load.slabs);
  }

  private endLoad(load: FibLoad): Vrf {
    const entry = this.loads.get(load);
    if (entry === undefined) throw new Error('this load has ended already');
    this.loads.delete(load);
    return entry;
  }

  private replay(root: number, rib: Rib, journal: readonly number[]): void {
    const { key } = this;
    const words = key.length;
    for (let at = 0; at < journal.length; at += words + 3) {
      for (let i = 0; i < words; i++) key[i] = journal[at + 1 + i]!;
      const length = journal[at + 1 + words]!;
      if (journal[at] === 1) this.insert(root, rib, key, length, journal[at + 2 + words]!);
      else this.withdraw(root, rib, key, length);
    }
  }

  private insert(root: number, rib: Rib, key: Int32Array, length: number, adjacency: number): void {
    const before = rib.get(key, length);
    if (before === adjacency) return;
    if (length === 0) {
      this.setDefault(root, adjacency);
    } else {
      const leaf = leafOf(length, adjacency);
      if (!this.trie.insert(root, key, length, leaf, before === 0)) {
        this.epoch.reclaim();
        if (!this.trie.insert(root, key, length, leaf, before === 0)) throw this.exhausted();
      }
    }
    rib.set(key, length, adjacency);
  }

  private withdraw(root: number, rib: Rib, key: Int32Array, length: number): boolean {
    if (rib.delete(key, length) === 0) return false;
    if (length === 0) this.setDefault(root, 0);
    else this.trie.remove(root, key, length, rib.covering(key, length));
    return true;
  }

  private widen(vrf: number, entry: Vrf): void {
    const root = this.trie.create(this.family.wide);
    let fits = root !== null;
    if (root !== null) {
      this.resetDefault(root);
      entry.rib.forEach((key, length, adjacency) => {
        if (length === 0) this.setDefault(root, adjacency);
        else fits &&= this.trie.insert(root, key, length, leafOf(length, adjacency), true);
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

  /** Before a root is published: what its word held belonged to another table. */
  private resetDefault(root: number): void {
    this.defaults[blockOf(root) >>> BLOCK_SHIFT_MIN] = 0;
  }

  /** One store; the adjacency's row, and a table's trie, are written before it. */
  private setDefault(root: number, adjacency: number): void {
    const at = blockOf(root) >>> BLOCK_SHIFT_MIN;
    const changes = (this.defaults[at]! & ~LEAF_ADJACENCY) + DEFAULT_CHANGE;
    Atomics.store(this.defaults, at, changes | adjacency);
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

  /** The words of a prefix, host bits cleared; overwritten by the next call. */
  private keyOf(address: Address, length: number): Int32Array {
    this.family.toKey(address, this.key);
    clearBeyond(this.key, length);
    return this.key;
  }

  private vrf(vrf: number): Vrf {
    const entry = this.vrfs.get(vrf);
    if (entry === undefined) {
      throw new FibError('no-vrf', `VRF ${vrf} does not exist in the FIB: create it first`);
    }
    return entry;
  }

  private exhausted(): FibError {
    const mebibytes = this.memory.entries.byteLength / 2 ** 20;
    return new FibError(
      'exhausted',
      `all ${mebibytes} MiB of ${this.family.name} FIB memory are in use: give the FIB more memory, or carry fewer routes`,
    );
  }
}

/** Throws FibError `bad-route` unless length and adjacency are in range; `index` names one of many. */
export function checkRoute(
  { bits }: Pick<FibFamily<unknown>, 'bits'>,
  length: number,
  adjacency: number,
  index?: number,
): void {
  const name = index === undefined ? 'the route' : `route ${index}`;
  if (!(Number.isInteger(length) && length >= 0 && length <= bits)) {
    throw new FibError('bad-route', `${name} has prefix length ${length}: it must be from 0 to ${bits}`);
  }
  if (!(Number.isInteger(adjacency) && adjacency > 0 && adjacency <= LEAF_ADJACENCY)) {
    const range = `from 1 to ${LEAF_ADJACENCY}`;
    throw new FibError('bad-route', `${name} has adjacency ${adjacency}: it must be ${range}`);
  }
}
