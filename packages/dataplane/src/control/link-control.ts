// The control side's part in ARP and neighbour discovery: what workers tell, who has the box's addresses, which routers
// there are, and everything that the box says about it on its links.
import { equals6, type Ip6Words } from '@sluice/shared';
import type { EpochControl } from '../memory/epoch.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { ADJ_BLACKHOLE, type AdjacencyTable } from '../tables/adjacencies.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import { scopeOf } from '../tables/ip6-scope.js';
import { HEARD_IP6, HEARD_NO_MAC } from '../tables/neighbour-records.js';
import { IP6_BYTES, IP6_SRC, readWord } from '../wire/ip6.js';
import { readRouterAdvertisement } from '../wire/ra.js';
import { RECORD_CONFLICT, RECORD_HEARD, RECORD_PACKET, RECORD_RESOLVE } from '../workers/shared-memory.js';
import { type Address, addressKey, isIp4 } from './address.js';
import { AddressDetection } from './address-detection.js';
import { AdvertisedRoutes } from './advertised-routes.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';
import { LinkFrames, type SendFrame } from './link-frames.js';
import { monotonicMs } from './monotonic.js';
import { macOfWords, type Neighbours } from './neighbours.js';
import type { RouteTable } from './route-table.js';
import { RouterAdvertisements } from './router-advertisements.js';

export interface LinkParts {
  interfaces: Interfaces;
  table: InterfaceTable;
  adjacencies: AdjacencyTable;
  routes: RouteTable;
  neighbours: Neighbours;
  epoch: EpochControl;
  pool: PacketPool;
  secret: Uint8Array;
  send: SendFrame;
  /** Addresses that may be used have changed: the state is to be converged to again. */
  changed(): void;
}

export class LinkControl {
  readonly detection: AddressDetection;
  readonly advertisements: RouterAdvertisements;
  readonly advertised: AdvertisedRoutes;
  private readonly frames: LinkFrames;
  /** Adjacencies that drop what is sent to tentative addresses. */
  private readonly holding = new Map<string, number>();

  constructor(private readonly parts: LinkParts) {
    const { interfaces, neighbours } = parts;
    this.frames = new LinkFrames(interfaces, parts.send);
    this.detection = new AddressDetection({
      probe: (row, address) => this.frames.probe(row, address),
      announce: (row, address) => this.frames.announce(row, address),
      ownMac: (row) => interfaces.ofRow(row)?.macOctets ?? null,
      retransmitMs: (row) => neighbours.retransmitMs(row),
      nameOf: (row) => interfaces.ofRow(row)?.name ?? '?',
      hold: (row, address) => this.hold(row, address),
      release: (row, address) => this.release(row, address),
      changed: () => parts.changed(),
    });
    interfaces.detection = {
      admit: (row, address) => this.detection.admit(row, address, monotonicMs()),
      keep: (row, addresses) => this.detection.keep(row, addresses),
    };
    this.advertised = new AdvertisedRoutes(parts.routes, interfaces, neighbours);
    this.advertisements = new RouterAdvertisements(
      {
        solicit: (row) => this.frames.solicitRouters(row),
        nameOf: (row) => interfaces.ofRow(row)?.name ?? '',
        setTimers: (row, reachableMs, retransmitMs) => neighbours.setTimers(row, reachableMs, retransmitMs),
        isDuplicate: (row, address) => this.detection.stateOf(row, address) === 'duplicate',
        isNoRouter: (row, router) => {
          const entry = neighbours.get(row, router);
          return entry !== undefined && entry.mac !== null && !entry.router;
        },
        changed: () => parts.changed(),
      },
      parts.secret,
    );
    interfaces.onLink((entry) => this.linkChanged(entry));
    neighbours.onChange((row, address) => {
      if (isIp4(address)) return;
      const isRouter = this.advertisements
        .routers()
        .some((router) => router.row === row && equals6(router.address, address));
      if (isRouter) this.updateRoutes();
    });
  }

  get request(): LinkFrames['request'] {
    return (row, address, mac) => this.frames.request(row, address, mac);
  }

  /** What the configuration says of IPv6 on an interface. */
  configure(row: number, acceptRa: boolean, transmits: number): void {
    this.detection.setTransmits(row, transmits);
    this.advertisements.accept(row, acceptRa, monotonicMs());
    this.parts.table.acceptRa[row] = acceptRa ? 1 : 0;
  }

  /** An interface is going away. */
  forget(row: number): void {
    this.configure(row, false, 1);
    this.updateRoutes();
  }

  /** After interfaces have been brought to what they should be. */
  updateRoutes(): void {
    this.advertised.update(this.advertisements.routers(), monotonicMs());
  }

  tick(now: number): void {
    this.detection.tick(now);
    this.advertisements.tick(now);
  }

  /** Takes a worker's record; see tables/neighbour-records.ts and RECORD_… in workers/shared-memory.ts. */
  record(kind: number, row: number, words: Int32Array, at: number): void {
    const now = monotonicMs();
    if (kind === RECORD_PACKET) {
      this.hearPacket(row, words[at + 1]!, now);
      return;
    }
    const flags = words[at + 5]! >>> 16;
    const word = (i: number): number => words[at + i]! >>> 0;
    const address: Address = flags & HEARD_IP6 ? [word(1), word(2), word(3), word(4)] : word(1);
    const mac = flags & HEARD_NO_MAC ? null : macOfWords(words[at + 5]! & 0xffff, words[at + 6]!);
    if (kind === RECORD_RESOLVE) this.parts.neighbours.resolve(row, address, now);
    else if (kind === RECORD_HEARD) this.parts.neighbours.heard(row, address, { flags, mac }, now);
    else if (kind === RECORD_CONFLICT && mac !== null) this.detection.conflict(row, address, mac, now);
  }

  /** A router advertisement that a worker gave away: its frame is freed here. */
  private hearPacket(row: number, packet: number, now: number): void {
    const { pool } = this.parts;
    const ip = pool.l3[packet]!;
    const icmp = ip + (pool.aux[packet]! & 0xffff);
    const end = pool.offset[packet]! + pool.length[packet]!;
    const message = pool.bytes.slice(Math.max(icmp, ip + IP6_BYTES), end);
    const source = [0, 1, 2, 3].map((i) => readWord(pool.i32, ip + IP6_SRC, i) >>> 0);
    pool.free(packet);
    const router = source as unknown as Ip6Words;
    this.advertisements.hear(row, router, readRouterAdvertisement(message), now);
    this.updateRoutes();
  }

  private linkChanged({ row }: Interface): void {
    const { interfaces, neighbours } = this.parts;
    const now = monotonicMs();
    if (interfaces.isUp(row)) {
      this.detection.linkUp(row, now);
      this.advertisements.linkUp(row, now);
    } else {
      neighbours.unlink(row, now);
    }
    this.updateRoutes();
  }

  private hold(row: number, address: Address): void {
    const entry = this.parts.interfaces.ofRow(row);
    if (entry === undefined || isIp4(address)) return;
    const adjacency = this.parts.adjacencies.add({
      kind: ADJ_BLACKHOLE,
      interface: row,
      mtu: 0,
      nextHop6: address,
    });
    this.holding.set(`${row} ${addressKey(address)}`, adjacency);
    const scope = scopeOf(entry.vrf, row, address);
    this.parts.routes.set(scope.vrf, scope.address, 128, 'local', adjacency);
  }

  private release(row: number, address: Address): void {
    const key = `${row} ${addressKey(address)}`;
    const adjacency = this.holding.get(key);
    const entry = this.parts.interfaces.ofRow(row);
    if (adjacency === undefined || isIp4(address)) return;
    this.holding.delete(key);
    if (entry !== undefined) {
      const scope = scopeOf(entry.vrf, row, address);
      this.parts.routes.unset(scope.vrf, scope.address, 128, 'local', adjacency);
    }
    this.parts.epoch.retire(() => this.parts.adjacencies.release(adjacency));
  }
}
