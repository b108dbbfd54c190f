// What a node may use besides its packets: tables to read, and the worker's services.
import type { PacketPool } from '../memory/packet-pool.js';
import type { FlowTable } from '../tables/flows.js';
import type { HashU32 } from '../tables/hash-u32.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import type { Ip4Fib } from '../tables/ip4-fib.js';
import type { Ip6Fib } from '../tables/ip6-fib.js';
import type { MacTable } from '../tables/macs.js';
import type { Reassembly } from '../tables/reassembly.js';
import type { SaTable } from '../tables/security-associations.js';
import type { VirtualReassembly } from '../tables/virtual-reassembly.js';
import type { AuditLog } from './audit.js';
import type { MacLearning } from './mac-learning.js';
import type { PlainEgress } from './plain-egress.js';
import type { PuntPolicer } from './punt-policer.js';
import type { RateLimiters } from './rate-limiter.js';
import type { RouteVector4 } from './route-vector4.js';

/** The crypto of ESP on a vector of packets in place; see tables/esp-job.ts for the words of a job. */
export interface EspCrypto {
  seal(jobs: Int32Array, count: number, status: Uint8Array): number;
  open(jobs: Int32Array, count: number, status: Uint8Array): number;
}

export interface NodeContext {
  readonly pool: PacketPool;
  readonly fib: Ip4Fib;
  readonly fib6: Ip6Fib;
  /** Rows of ADJ_WORDS words; see tables/adjacencies.ts. */
  readonly adjacencies: Int32Array;
  /** Buckets of multipath adjacencies; see tables/paths.ts. */
  readonly paths: Int32Array;
  readonly interfaces: InterfaceTable;
  readonly sas: SaTable;
  /** SPI of an inbound SA, in the scope of its destination → its row. */
  readonly spis: HashU32;
  /** Tags, in the scope of the parent's row → the row of the sub-interface; see tables/vlans.ts. */
  readonly vlans: HashU32;
  /** Behind which members of bridges MAC addresses are. */
  readonly macs: MacTable;
  readonly macLearning: MacLearning;
  /** By bridge: frames that go to every member. */
  readonly floods: RateLimiters;
  /** Rows of TUNNEL_WORDS words by interface; see tables/tunnels.ts. */
  readonly tunnels: Int32Array;
  /** Hash of a tunnel's addresses, key and outer VRF → its interface. */
  readonly tunnelIndex: HashU32;
  readonly crypto: EspCrypto;
  /** This worker's index. */
  readonly worker: number;
  /** How many there are. */
  readonly workers: number;
  /** Milliseconds since 1970, read once per turn of the loop. */
  now: number;
  /**
   * True while nobody follows packets: no trace, no capture of traffic. Nodes may then take plain packets through the
   * work of the nodes behind them at once; else each packet meets every node.
   */
  plain: boolean;
  /** By receiving interface: ICMP errors, and ICMPv6 errors. */
  readonly icmpErrors: RateLimiters;
  readonly icmp6Errors: RateLimiters;
  /** This worker's fragments that wait for others. */
  readonly reassembly: Reassembly;
  /** By receiving interface: router advertisements that the control side looks at. */
  readonly advertisements: RateLimiters;
  /** By tunnel: requests for an SA. */
  readonly acquires: RateLimiters;
  readonly puntPolicer: PuntPolicer;
  /** What it knows of fragments that are forwarded. */
  readonly virtual: VirtualReassembly;
  /** This worker's flows that are metered. */
  readonly flows: FlowTable;
  readonly audit: AuditLog;
  /** This worker's interface counters; see graph/counters.ts. */
  readonly interfaceCounters: Float64Array;
  readonly services: WorkerServices;
  /** Only while `plain`. */
  readonly egress: PlainEgress;
  readonly routes4: RouteVector4;
}

/** What waits to be sent by a port. Whoever adds a packet to it counts it on the interface. */
export interface Outlet {
  readonly waiting: Int32Array;
  /** Packets in `waiting`, at most as many as it has room for. */
  length: number;
}

/** What a node asks of the worker that runs it. None of these allocates or throws. */
export interface WorkerServices {
  /** Adds a packet to a node's next vector at once: for nodes that make several packets of one. */
  emit(packet: number, next: number): void;
  /** Hands a packet to another worker's node; false when that worker's ring is full. */
  handOff(packet: number, worker: number, node: number): boolean;
  /** The queue of the port of an interface that is up, has an Ethernet port and is this worker's; else null. */
  outlet(interfaceRow: number): Outlet | null;
  /** Queues a packet on its transmit interface's port; false when the port's queue is full or there is none. */
  transmit(packet: number): boolean;
  /**
   * Gives a packet to the TAP twin of its receiving interface; false when the ring has no room beyond the `reserve`
   * words that are for others.
   */
  punt(packet: number, reserve: number): boolean;
  /**
   * Tells the control side what was heard of a neighbour: HEARD_… flags of tables/neighbour-records.ts, the address
   * (IPv4 in `w0`, the others 0), its MAC address as tables/interfaces.ts has them. False when its ring is full.
   */
  heard(
    interfaceRow: number,
    flags: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    mac0: number,
    mac2: number,
  ): boolean;
  /** Tells the control side that a MAC address is behind a member of a bridge; false when its ring is full. */
  station(memberRow: number, mac0: number, mac2: number): boolean;
  /** Tells the control side that somebody claims an address of the box; as heard(), with the claimant's MAC address. */
  conflict(
    interfaceRow: number,
    flags: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    mac0: number,
    mac2: number,
  ): boolean;
  /** Gives a received packet to the control side, which frees it; false when its ring is full. */
  giveToControl(packet: number): boolean;
  /** Keeps a packet until the neighbour is resolved, and has it resolved; false when no more may wait. */
  park(
    packet: number,
    interfaceRow: number,
    flags: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
  ): boolean;
  /**
   * Tells the control side that a packet of `length` octets was too long for the path of a tunnel, whose MTU is `mtu`, 0
   * when nobody said; false when its ring is full.
   */
  pathMtu(tunnelRow: number, family: number, mtu: number, length: number): boolean;
  /**
   * Tells the control side of a packet that met a tunnel without an SA: its addresses, four words each, of IPv4 the
   * first. False when its ring is full.
   */
  acquire(tunnelRow: number, family: number, protocol: number, src: Int32Array, dst: Int32Array): boolean;
  /**
   * Tells the control side where the peer of an inbound SA in UDP speaks from now, `source` being four words of its
   * address; false when its ring is full.
   */
  mapping(saRow: number, spi: number, family: number, source: Int32Array, port: number): boolean;
  /** Drops a packet that the running node has kept until now, for the reason that it has counted. */
  discard(packet: number, reason: number): void;
  /** Counts a drop on the packet's receiving interface when its frame lives on as something else. */
  dropped(packet: number): void;
  /** Index of a node by name, for emit and handOff; looked up at start, never per packet. */
  nodeIndex(name: string): number;
}
