// A data plane without its threads: forwarders, memory ports and tables in one thread, driven step by step.
//
//   const bench = testBench({ interfaces: [{ name: 'lan', address: '10.1.0.1/24' }], … });
//   bench.push('lan', frame);
//   bench.run();
//   assert.deepEqual(bench.sent('wan'), [expected]);
//   bench.expect({ 'ip4-input/truncated': 1 });   // these counters and no others, and no frame lost
import assert from 'node:assert/strict';
import type { AuditEvent, SaEvent, SaSpec } from '@sluice/shared';
import { formatIp6 } from '@sluice/shared';
import { AuditReader } from '../../src/control/audit-reader.js';
import { isSaRecord, SaRecords } from '../../src/control/sa-records.js';
import { MemoryPort } from '../../src/drivers/memory.js';
import { GRAPH } from '../../src/graph/graph.js';
import { FRAME_BYTES, LARGE_FRAMES, PACKET_START, PacketPool } from '../../src/memory/packet-pool.js';
import { SpscRing } from '../../src/memory/spsc-ring.js';
import { closeFd, eventOpen } from '../../src/native/index.js';
import { FlowTable } from '../../src/tables/flows.js';
import { hasEthernet } from '../../src/tables/interfaces.js';
import { HEARD_IP6 } from '../../src/tables/neighbour-records.js';
import { PathTable } from '../../src/tables/paths.js';
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../../src/wire/ethernet.js';
import { Forwarder } from '../../src/workers/forwarder.js';
import { NODE_SHIFT, PACKET_MASK } from '../../src/workers/packet-rings.js';
import {
  allocateSharedMemory,
  REASSEMBLY,
  RECORD_PACKET,
  RECORD_PATH_MTU,
  RECORD_WORDS,
  type ReassemblySettings,
  type SharedMemory,
} from '../../src/workers/shared-memory.js';
import { BenchControl, type BenchTables, macText } from './bench-tables.js';
import { CounterWatch, type Moved } from './counters.js';
import { type EngineName, makeEngine, type TestCrypto } from './esp-crypto-engines.js';
import { type InterfaceFigures, interfaceFigures } from './interface-figures.js';
import { concat, ethernet } from './packets.js';

export interface BenchOptions extends BenchTables {
  workers?: number;
  frames?: number;
  /** Who seals and opens; node:crypto unless said otherwise. */
  engine?: EngineName;
  /** Another bench, whose packet memory and engine this one shares. */
  beside?: Bench;
  /** What the forwarders ask for the time; the bench's own `now` unless given. */
  clock?: () => number;
  /** Limits of reassembly that differ from the usual ones. */
  reassembly?: Partial<ReassemblySettings>;
  /** Flows that are metered at once. */
  flows?: number;
  /** Words of each port's rings. */
  ring?: number;
}

/** What a worker told the control side. */
export interface BenchRecord {
  kind: number;
  interface: number;
  /** HEARD_… */
  flags: number;
  /** Unsigned IPv4 address, or an IPv6 address as text. */
  address: number | string;
  mac0: number;
  mac2: number;
}

const HASH_SEED = 0x51_0c_e5_ed;

export class Bench {
  /** What the forwarders take for the time, in milliseconds. */
  now = 1_700_000_000_000;
  readonly shared: SharedMemory;
  /** The outside's view of the packet memory. */
  readonly pool: PacketPool;
  readonly crypto: TestCrypto;
  readonly forwarders: Forwarder[];
  readonly control: BenchControl;
  /** By worker, as the control side sees them. */
  readonly flows: FlowTable[];
  private readonly watch: CounterWatch;
  private readonly auditReader: AuditReader;
  private readonly audited: AuditEvent[] = [];
  private readonly ports = new Map<string, { toPort: SpscRing; fromPort: SpscRing }>();
  private readonly injectRings: SpscRing[];
  private readonly puntRings: SpscRing[];
  private readonly recordRings: SpscRing[];
  private readonly one = new Int32Array(RECORD_WORDS);
  private readonly beside: Bench | null;
  private readonly neighbours: Bench[] = [];
  private closed = false;

  constructor(options: BenchOptions) {
    const workers = options.workers ?? 1;
    const beside = options.beside ?? null;
    this.beside = beside;
    beside?.neighbours.push(this);
    const events = {
      workerEvents: Array.from({ length: workers }, eventOpen),
      hostEvent: eventOpen(),
      controlEvent: eventOpen(),
    };
    const frames = beside?.shared.frames ?? options.frames ?? 2048;
    const shared = {
      ...allocateSharedMemory(
        workers,
        frames,
        events,
        { ...REASSEMBLY, ...options.reassembly },
        options.flows,
      ),
      // Random in a gateway; here datagrams go to the same workers, and flows by the same paths, in every run.
      hashSeed: HASH_SEED,
      paths: PathTable.allocate(HASH_SEED),
    };
    this.shared = beside === null ? shared : { ...shared, pool: beside.shared.pool };
    this.pool = beside?.pool ?? new PacketPool(this.shared.pool, this.shared.frames);
    this.crypto = beside?.crypto ?? makeEngine(options.engine ?? 'node:crypto', this.pool);
    this.control = new BenchControl(this.shared, options, (...key) => this.crypto.setKey(...key));
    const clock = options.clock ?? (() => this.now);
    this.forwarders = Array.from(
      { length: workers },
      (_, index) => new Forwarder(this.shared, index, this.crypto, GRAPH, clock),
    );
    for (const { name, worker } of options.interfaces) {
      const receive = SpscRing.allocate(options.ring ?? 1024);
      const send = SpscRing.allocate(options.ring ?? 1024);
      this.ports.set(name, { toPort: new SpscRing(receive), fromPort: new SpscRing(send) });
      this.forwarders[worker ?? 0]!.addPort(this.row(name), new MemoryPort(receive, send));
    }
    this.flows = this.shared.flows.map((memory) => new FlowTable(memory, this.shared.hashSeed));
    this.injectRings = this.shared.inject.map((buffer) => new SpscRing(buffer));
    this.puntRings = this.shared.punt.map((buffer) => new SpscRing(buffer));
    this.recordRings = this.shared.toControl.map((buffer) => new SpscRing(buffer));
    const nameOf = (row: number): string | null =>
      [...this.control.rows].find(([, candidate]) => candidate === row)?.[0] ?? null;
    const { audit, auditSuppressed } = this.shared;
    this.auditReader = new AuditReader(audit, auditSuppressed, nameOf, (event) => this.audited.push(event));
    this.watch = new CounterWatch(this.shared.counters);
  }

  row(name: string): number {
    return this.control.row(name);
  }

  /** The MAC address of one of the bench's interfaces. */
  mac(name: string): string {
    return macText(this.row(name));
  }

  /** An IPv4 packet in an Ethernet frame to an interface of the bench; IPv6 by its type. */
  toInterface(
    name: string,
    packet: Uint8Array,
    source = '02:00:00:00:ff:01',
    type = ETHERTYPE_IP4,
  ): Uint8Array {
    return ethernet(this.mac(name), source, type, packet);
  }

  /** Has a port receive frames. */
  push(name: string, ...frames: Uint8Array[]): void {
    for (const frame of frames) {
      assert.ok(this.port(name).toPort.push(this.frameOf(frame)), 'the ring of the port is full');
    }
  }

  /** Has a port receive IPv4 packets. */
  pushIp(name: string, ...packets: Uint8Array[]): void {
    this.push(name, ...packets.map((packet) => this.toInterface(name, packet)));
  }

  /** Has a port receive IPv6 packets. */
  pushIp6(name: string, ...packets: Uint8Array[]): void {
    this.push(name, ...packets.map((packet) => this.toInterface(name, packet, undefined, ETHERTYPE_IP6)));
  }

  /** Gives a packet to the graph as the host-I/O thread does: what Linux sent to the twin. */
  inject(name: string, bytes: Uint8Array, worker = 0): void {
    const row = this.row(name);
    const hasLinkHeader = hasEthernet(this.control.interfaces.kind[row]!);
    const start = hasLinkHeader ? PACKET_START : PACKET_START + 14;
    // What is read from a TUN keeps room for ESP behind it.
    const tail = hasLinkHeader ? 0 : 128;
    const frame = this.frameOf(bytes, start, start + bytes.length + tail > FRAME_BYTES);
    this.pool.rxInterface[frame] = row;
    const node = GRAPH.findIndex((candidate) => candidate.name === 'host-inject');
    assert.ok(this.injectRings[worker]!.push((node << NODE_SHIFT) | frame), 'the inject ring is full');
  }

  /** Has a frame enter the graph at a node, as if it had come in by an interface: for what no node sends there yet. */
  enter(nodeName: string, name: string, bytes: Uint8Array): void {
    const frame = this.frameOf(bytes);
    this.pool.rxInterface[frame] = this.row(name);
    this.pool.vrf[frame] = this.control.interfaces.vrf[this.row(name)]!;
    this.pool.l3[frame] = this.pool.offset[frame]! + 14;
    const node = GRAPH.findIndex((candidate) => candidate.name === nodeName);
    assert.ok(node >= 0 && this.injectRings[0]!.push((node << NODE_SHIFT) | frame), nodeName);
  }

  /** Has a worker's node take a frame, as if another worker had handed it over. */
  handOver(node: string, frame: number, worker = 0): void {
    const index = GRAPH.findIndex((candidate) => candidate.name === node);
    assert.ok(this.injectRings[worker]!.push((index << NODE_SHIFT) | frame), 'the inject ring is full');
  }

  /** Rounds of all forwarders until nothing moves. */
  run(): void {
    for (let rounds = 0; ; rounds++) {
      assert.ok(rounds < 10_000, 'packets go round for ever');
      let moved = 0;
      for (const forwarder of this.forwarders) moved += forwarder.round();
      if (moved === 0) return;
    }
  }

  /** What a port has sent since the last call; the frames are free then. */
  sent(name: string): Uint8Array[] {
    return this.drainRing(this.port(name).fromPort).map(({ frame, bytes }) => {
      assert.ok(frame < this.pool.frames, 'a port was given a large frame');
      return bytes;
    });
  }

  /** The IPv4 packets that a port has sent, all of them from the interface's MAC address. */
  sentIp(name: string, type = ETHERTYPE_IP4): Uint8Array[] {
    return this.sent(name).map((frame) => {
      assert.deepEqual(frame.subarray(6, 12), this.control.macOf(name), 'source MAC address');
      assert.equal((frame[12]! << 8) | frame[13]!, type, 'ethertype');
      return frame.subarray(14);
    });
  }

  /** The IPv6 packets, likewise. */
  sentIp6(name: string): Uint8Array[] {
    return this.sentIp(name, ETHERTYPE_IP6);
  }

  /** What went to Linux, with the interface whose twin gets it. */
  punted(worker = 0): { interface: number; bytes: Uint8Array }[] {
    return this.drainRing(this.puntRings[worker]!).map(({ interface: row, bytes }) => ({
      interface: row,
      bytes,
    }));
  }

  /** Packets that the control side was given; records() takes them from the workers. */
  readonly given: Uint8Array[] = [];

  records(worker = 0): BenchRecord[] {
    const records: BenchRecord[] = [];
    while (this.recordRings[worker]!.popMany(this.one, 0, RECORD_WORDS) === RECORD_WORDS) {
      const [head, w0, w1, w2, w3, word5, mac2] = this.one;
      const flags = word5! >>> 16;
      if (head! >>> 16 === RECORD_PACKET) {
        // The control side's now, which frees it.
        this.given.push(this.take(w0!));
        continue;
      }
      records.push({
        kind: head! >>> 16,
        interface: head! & 0xffff,
        flags,
        address: flags & HEARD_IP6 ? formatIp6([w0!, w1!, w2!, w3!]) : w0! >>> 0,
        mac0: word5! & 0xffff,
        mac2: mac2!,
      });
    }
    return records;
  }

  /** What workers told of the paths of tunnels. */
  pathMtus(worker = 0): { interface: number; family: number; mtu: number; length: number }[] {
    const told: ReturnType<Bench['pathMtus']> = [];
    while (this.recordRings[worker]!.popMany(this.one, 0, RECORD_WORDS) === RECORD_WORDS) {
      const [head, family, mtu, length] = this.one;
      assert.equal(head! >>> 16, RECORD_PATH_MTU);
      told.push({ interface: head! & 0xffff, family: family!, mtu: mtu!, length: length! });
    }
    return told;
  }

  /** What workers told of SAs, as the control side says it; each tunnel's row is its interface id. */
  saEvents(sa: (row: number) => SaSpec | undefined = () => undefined): SaEvent[] {
    const events: SaEvent[] = [];
    const records = new SaRecords({ ifId: (row) => row, sa, publish: (event) => events.push(event) });
    for (const ring of this.recordRings) {
      while (ring.popMany(this.one, 0, RECORD_WORDS) === RECORD_WORDS) {
        const head = this.one[0]!;
        assert.ok(isSaRecord(head >>> 16), `a record of kind ${head >>> 16}`);
        records.hear(head >>> 16, head & 0xffff, this.one, 0);
      }
    }
    return events;
  }

  /** What the audit log was told since the last call, by all workers. */
  audits(): AuditEvent[] {
    this.auditReader.tick(this.now);
    return this.audited.splice(0);
  }

  /** Counters of the graph that moved since the last look. */
  moved(): Moved {
    return this.watch.moved();
  }

  /** Asserts that these counters moved, and no others, since the last look, and that no frame is lost. */
  expect(moved: Moved, parked = 0): void {
    assert.deepEqual(this.moved(), moved);
    assert.equal(this.framesMissing(), parked, 'frames that are neither free nor where they should be');
  }

  interface(name: string): InterfaceFigures {
    return interfaceFigures(this.forwarders, this.row(name));
  }

  /** Frames that no thread's cache and no stack has, those of benches on the same memory included. */
  framesMissing(): number {
    const root = this.beside ?? this;
    const caches = [root, ...root.neighbours].flatMap((bench) =>
      bench.forwarders.map(({ pool }) => pool.local),
    );
    const large = LARGE_FRAMES - this.pool.large;
    return (
      large + this.shared.frames - this.pool.shared - this.pool.local - caches.reduce((a, b) => a + b, 0)
    );
  }

  /** Gives back what the process holds for the bench; twice does no harm. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const forwarder of this.forwarders) forwarder.close();
    if (this.beside === null) this.crypto.close();
    for (const fd of [...this.shared.workerEvents, this.shared.hostEvent, this.shared.controlEvent])
      closeFd(fd);
  }

  /** A frame with these octets, everything else in it 0xa5. */
  frameOf(bytes: Uint8Array, start = PACKET_START, large = start + bytes.length > FRAME_BYTES): number {
    const frame = large ? this.pool.allocLarge() : this.pool.alloc();
    assert.ok(frame >= 0, 'the packet pool is exhausted');
    const at = this.pool.base(frame);
    this.pool.bytes.fill(0xa5, at, at + this.pool.room(frame));
    this.pool.bytes.set(bytes, at + start);
    this.pool.offset[frame] = at + start;
    this.pool.length[frame] = bytes.length;
    this.pool.flags[frame] = 0;
    return frame;
  }

  /** The rings of a port: what it receives, and what it sends. */
  port(name: string): { toPort: SpscRing; fromPort: SpscRing } {
    const port = this.ports.get(name);
    if (port === undefined) throw new Error(`the bench has no port "${name}"`);
    return port;
  }

  private drainRing(ring: SpscRing): { frame: number; interface: number; bytes: Uint8Array }[] {
    const out: { frame: number; interface: number; bytes: Uint8Array }[] = [];
    while (ring.popMany(this.one, 0, 1) === 1) {
      const frame = this.one[0]! & PACKET_MASK;
      out.push({ frame, interface: this.pool.rxInterface[frame]!, bytes: this.take(frame) });
    }
    return out;
  }

  /** What is in a frame, which is free then. */
  private take(frame: number): Uint8Array {
    const at = this.pool.offset[frame]!;
    const bytes = concat(this.pool.bytes.slice(at, at + this.pool.length[frame]!));
    this.pool.free(frame);
    return bytes;
  }
}

export function testBench(options: BenchOptions): Bench {
  return new Bench(options);
}
