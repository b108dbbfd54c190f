// The packet pool: fixed frames and their metadata in one shared WebAssembly.Memory.
//
// A packet is a frame's index. Its metadata lies in parallel Int32Arrays in the same memory, so that it
// travels with the packet from worker to worker, and native code finds it by the same address.
//
// Free frames: each thread has a cache of its own; caches exchange batches with one shared stack under
// a lock that is taken once for every BATCH frames.

import { type CopyBytes, memoryCopy } from './memory-copy.js';
import { allocateWasmMemory, type WasmMemory } from './wasm-memory.js';

/** Bytes of a frame: what an AF_XDP UMEM chunk can be (linux/if_xdp.h: 2048 or a page). */
export const FRAME_BYTES = 2048;
const FRAME_SHIFT = 11;

/**
 * Large frames: for what is put together of several packets, or comes from Linux in one piece. A packet is never a
 * chain, so that every node works on any packet. Room for 65,535 octets of IP with headers before and behind.
 */
export const LARGE_FRAME_BYTES = 33 * FRAME_BYTES;
/**
 * How many there are: 33 MiB, committed as they are used, and the last one given back is used first. Tuning: a vector
 * of 256 fragments makes 128 datagrams, which are all in the graph at once, on each of four workers.
 */
export const LARGE_FRAMES = 512;

/**
 * Where a received packet starts in its frame: the kernel's XDP headroom of 256 bytes (linux/bpf.h,
 * XDP_PACKET_HEADROOM) and 2 more, so that the IP header behind 14 bytes of Ethernet is 4-byte aligned.
 */
export const PACKET_START = 258;

/** Frames exchanged between a thread's cache and the shared stack at once. */
const BATCH = 64;
const CACHE = 4 * BATCH;

/** Packet flags. */
export const FLAG_TRACE = 1;
/** Sent by the box itself: its TTL is not decremented on the way out (RFC 1812 section 5.2.1). */
export const FLAG_LOCAL_ORIGIN = 2;
/** Came out of an IPsec SA: it is inside the tunnel's VRF now. */
export const FLAG_DECRYPTED = 4;
/** Came in a frame addressed to a link-layer group: never forwarded, never answered with an error. */
export const FLAG_LINK_GROUP = 8;
/** A fragment whose ports are in `ports`. */
export const FLAG_PORTS = 16;
/** In four bits from here on: the priority (PCP and DEI) of the VLAN tag that a frame on its way through a bridge had. */
export const FLAG_PRIORITY_SHIFT = 24;
export const FLAGS_PRIORITY = 0xf << FLAG_PRIORITY_SHIFT;
/** tunnel-encap has put the outer header before it: esp-encrypt may seal it in transport mode. */
export const FLAG_ENCAPSULATED = 256;
/** Came out of a transport-mode SA of the interface in rxInterface; see gre-input and ipip-input. */
export const FLAG_PROTECTED = 512;
/**
 * Counted in two bits: tunnels that have put their headers before it since it came in. What would enter one more is in
 * a loop: an outer packet that is routed into its own tunnel.
 */
export const FLAG_NESTED = 1 << 16;
export const FLAGS_NESTED = 3 << 16;

const COLUMNS = [
  'offset',
  'length',
  'l3',
  'rxInterface',
  'txInterface',
  'vrf',
  'adjacency',
  'flags',
  'aux',
  'aux2',
  'ports',
  'reason',
  'trace',
  'member',
] as const;
type Column = (typeof COLUMNS)[number];

const WORD_LOCK = 0;
/** What it says: AWAITED when somebody may wait for its holder (Drepper, "Futexes are tricky", section 6). */
const FREE = 0;
const HELD = 1;
const AWAITED = 2;
const WORD_TOP = 1;
/** Its own count of the large frames that are free. */
const WORD_LARGE_TOP = 2;
/** Threads that have a view. */
const WORD_VIEWS = 3;
/** Free frames that each view keeps, as it last published them: a word for each of the first views. */
const WORD_KEPT = 16;
const VIEWS_SEEN = 32;
const HEADER_WORDS = WORD_KEPT + VIEWS_SEEN;

/** Where the stack of free frames begins: behind all frames. */
function stackAt(frames: number): number {
  return frames * FRAME_BYTES + LARGE_FRAMES * LARGE_FRAME_BYTES;
}

/** Where the columns begin: behind the stack of frames and that of large ones. */
function columnsAt(frames: number): number {
  return stackAt(frames) + (HEADER_WORDS + frames + LARGE_FRAMES) * 4;
}

function memoryBytes(frames: number): number {
  return columnsAt(frames) + COLUMNS.length * (frames + LARGE_FRAMES) * 4;
}

/** Reserves the shared memory of a pool and puts every frame on its free stack. */
export function allocatePool(frames: number): WasmMemory {
  const memory = allocateWasmMemory(memoryBytes(frames));
  const stack = new Int32Array(memory.buffer, stackAt(frames), HEADER_WORDS + frames + LARGE_FRAMES);
  for (let i = 0; i < frames; i++) stack[HEADER_WORDS + i] = frames - 1 - i;
  for (let i = 0; i < LARGE_FRAMES; i++) stack[HEADER_WORDS + frames + i] = frames + i;
  stack[WORD_TOP] = frames;
  stack[WORD_LARGE_TOP] = LARGE_FRAMES;
  return memory;
}

/** One thread's view of the pool. */
export class PacketPool {
  /** Frames of FRAME_BYTES: the first indices. Those of the large ones follow. */
  readonly frames: number;
  readonly memory: WasmMemory;
  /** The whole memory, frames first: absolute offsets in metadata index it. */
  readonly bytes: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  /** Copies octets within the memory; `copy(to, from, bytes)`. */
  readonly copy: CopyBytes;

  /** Absolute byte offset of the packet's first byte, per frame. */
  readonly offset: Int32Array;
  /** Bytes of the packet from `offset` on. */
  readonly length: Int32Array;
  /** Absolute byte offset of its IP header; a multiple of 4. */
  readonly l3: Int32Array;
  /** Index of the interface it came in by. */
  readonly rxInterface: Int32Array;
  /** Index of the interface it leaves by. */
  readonly txInterface: Int32Array;
  readonly vrf: Int32Array;
  readonly adjacency: Int32Array;
  readonly flags: Int32Array;
  /** One word from a node to the next; each node says what it puts there. */
  readonly aux: Int32Array;
  /** A second one. */
  readonly aux2: Int32Array;
  /** With FLAG_PORTS: source port << 16 | destination port of a fragment, as its first one told. */
  readonly ports: Int32Array;
  /** The dropping node's counter index, written with NEXT_DROP. */
  readonly reason: Int32Array;
  /** Identifier of its trace while FLAG_TRACE is set. */
  readonly trace: Int32Array;
  /** Of what a bridge received: the row of the member that it came by. Of others it says nothing. */
  readonly member: Int32Array;

  private readonly largeAt: number;
  /** Where this view publishes what it keeps. */
  private readonly keptAt: number;
  private readonly stack: Int32Array;
  private readonly cache = new Int32Array(CACHE);
  private cached = 0;

  constructor(memory: WasmMemory, frames: number) {
    this.memory = memory;
    this.frames = frames;
    const buffer = memory.buffer;
    this.bytes = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.copy = memoryCopy(memory);
    this.largeAt = frames * FRAME_BYTES;
    this.stack = new Int32Array(buffer, stackAt(frames), HEADER_WORDS + frames + LARGE_FRAMES);
    const view = Atomics.add(this.stack, WORD_VIEWS, 1);
    this.keptAt = view < VIEWS_SEEN ? WORD_KEPT + view : 0;
    const column = (name: Column): Int32Array =>
      new Int32Array(buffer, PacketPool.columnAt(frames, name), frames + LARGE_FRAMES);
    this.offset = column('offset');
    this.length = column('length');
    this.l3 = column('l3');
    this.rxInterface = column('rxInterface');
    this.txInterface = column('txInterface');
    this.vrf = column('vrf');
    this.adjacency = column('adjacency');
    this.flags = column('flags');
    this.aux = column('aux');
    this.aux2 = column('aux2');
    this.ports = column('ports');
    this.reason = column('reason');
    this.trace = column('trace');
    this.member = column('member');
  }

  /** Byte offset of a metadata column in the memory of a pool with so many frames. */
  static columnAt(frames: number, name: Column): number {
    return columnsAt(frames) + COLUMNS.indexOf(name) * (frames + LARGE_FRAMES) * 4;
  }

  /** A free frame, or -1 when the pool is exhausted. Metadata is what its last user left. */
  alloc(): number {
    if (this.cached === 0 && this.refill() === 0) return -1;
    return this.cache[--this.cached]!;
  }

  /** Takes up to `count` free frames into `out` from `at` on; returns how many there were. */
  allocMany(out: Int32Array, at: number, count: number): number {
    let taken = 0;
    while (taken < count) {
      if (this.cached === 0 && this.refill() === 0) break;
      out[at + taken++] = this.cache[--this.cached]!;
    }
    return taken;
  }

  /** A large frame, or -1 when all are in use. free() takes it back. */
  allocLarge(): number {
    this.lock();
    const top = this.stack[WORD_LARGE_TOP]!;
    const frame = top === 0 ? -1 : this.stack[HEADER_WORDS + this.frames + top - 1]!;
    if (top > 0) this.stack[WORD_LARGE_TOP] = top - 1;
    this.unlock();
    return frame;
  }

  /** Byte offset of a frame's first byte. */
  base(frame: number): number {
    return frame < this.frames
      ? frame << FRAME_SHIFT
      : this.largeAt + (frame - this.frames) * LARGE_FRAME_BYTES;
  }

  /** Bytes of a frame. */
  room(frame: number): number {
    return frame < this.frames ? FRAME_BYTES : LARGE_FRAME_BYTES;
  }

  /** What a packet made of another one has in common with it: all but where it lies and how long it is. */
  copyMetadata(from: number, to: number): void {
    this.rxInterface[to] = this.rxInterface[from]!;
    this.txInterface[to] = this.txInterface[from]!;
    this.vrf[to] = this.vrf[from]!;
    this.adjacency[to] = this.adjacency[from]!;
    this.flags[to] = this.flags[from]!;
    this.trace[to] = this.trace[from]!;
    this.aux[to] = this.aux[from]!;
    this.aux2[to] = this.aux2[from]!;
    this.ports[to] = this.ports[from]!;
    this.member[to] = this.member[from]!;
  }

  /** A copy of a packet in a frame of FRAME_BYTES, where received ones begin; -1 when none is free or it does not fit. */
  copyToSmall(packet: number): number {
    const { offset, length } = this;
    const bytes = length[packet]!;
    if (!this.fitsSmall(packet)) return -1;
    const copy = this.alloc();
    if (copy < 0) return -1;
    const from = offset[packet]!;
    const to = this.base(copy) + PACKET_START;
    this.copy(to, from, bytes);
    this.copyMetadata(packet, copy);
    offset[copy] = to;
    length[copy] = bytes;
    return copy;
  }

  fitsSmall(packet: number): boolean {
    return PACKET_START + this.length[packet]! <= FRAME_BYTES;
  }

  free(frame: number): void {
    if (frame >= this.frames) {
      this.freeLarge(frame);
      return;
    }
    if (this.cached === CACHE) this.spill(BATCH);
    this.cache[this.cached++] = frame;
  }

  freeMany(frames: Int32Array, from: number, count: number): void {
    for (let i = 0; i < count; i++) this.free(frames[from + i]!);
  }

  /** Gives this thread's whole cache back, before it ends or sleeps long. */
  drain(): void {
    while (this.cached > 0) this.spill(Math.min(BATCH, this.cached));
    this.publish(0);
  }

  /**
   * Says how many free frames this thread keeps: its cache, and `elsewhere` those that its ports hold to receive
   * into. Before it sleeps, and now and then.
   */
  publish(elsewhere: number): void {
    if (this.keptAt > 0) Atomics.store(this.stack, this.keptAt, this.cached + elsewhere);
  }

  /**
   * Frames that carry no packet: on the shared stack, and what threads have published. Exact while all threads
   * sleep; while they run, off by what they have moved since.
   */
  get available(): number {
    let sum = this.shared;
    for (let i = 0; i < VIEWS_SEEN; i++) sum += Atomics.load(this.stack, WORD_KEPT + i);
    return sum;
  }

  /** Free frames on the shared stack; those in threads' caches are not seen. */
  get shared(): number {
    return Atomics.load(this.stack, WORD_TOP);
  }

  /** Free large frames. */
  get large(): number {
    return Atomics.load(this.stack, WORD_LARGE_TOP);
  }

  /** Free frames in this thread's cache. */
  get local(): number {
    return this.cached;
  }

  private freeLarge(frame: number): void {
    this.lock();
    const top = this.stack[WORD_LARGE_TOP]!;
    this.stack[HEADER_WORDS + this.frames + top] = frame;
    this.stack[WORD_LARGE_TOP] = top + 1;
    this.unlock();
  }

  private refill(): number {
    this.lock();
    const top = this.stack[WORD_TOP]!;
    const count = Math.min(top, BATCH);
    for (let i = 0; i < count; i++) this.cache[this.cached++] = this.stack[HEADER_WORDS + top - 1 - i]!;
    this.stack[WORD_TOP] = top - count;
    this.unlock();
    return count;
  }

  private spill(count: number): void {
    this.lock();
    const top = this.stack[WORD_TOP]!;
    for (let i = 0; i < count; i++) this.stack[HEADER_WORDS + top + i] = this.cache[--this.cached]!;
    this.stack[WORD_TOP] = top + count;
    this.unlock();
  }

  private lock(): void {
    if (Atomics.compareExchange(this.stack, WORD_LOCK, FREE, HELD) === FREE) return;
    // The holder does a few hundred stores; the wait only matters when it lost its core meanwhile.
    while (Atomics.exchange(this.stack, WORD_LOCK, AWAITED) !== FREE) {
      Atomics.wait(this.stack, WORD_LOCK, AWAITED, 1);
    }
  }

  private unlock(): void {
    // To wake somebody is a call into the runtime.
    if (Atomics.exchange(this.stack, WORD_LOCK, FREE) === AWAITED) Atomics.notify(this.stack, WORD_LOCK, 1);
  }
}
