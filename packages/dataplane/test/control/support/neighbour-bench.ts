// Neighbours with everything around them recorded: requests, host routes, and what waits for the workers.
import { type Address, addressKey } from '../../../src/control/address.js';
import { Neighbours } from '../../../src/control/neighbours.js';
import { ADJ_SHIFT, ADJ_USED, AdjacencyTable } from '../../../src/tables/adjacencies.js';

export interface Request {
  row: number;
  address: Address;
  /** Null: to everyone. */
  mac: Uint8Array | null;
}

export const MAC_A = Uint8Array.of(2, 0, 0, 0, 0, 0xa);
export const MAC_B = Uint8Array.of(2, 0, 0, 0, 0, 0xb);
export const OWN_MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
export const MTU = 1500;

export class NeighbourBench {
  readonly adjacencies = new AdjacencyTable(AdjacencyTable.allocate());
  readonly mtus = new Map<number, number>();
  requests: Request[] = [];
  /** What became usable or unusable, for next hops. */
  told: string[] = [];
  changes = 0;
  /** Adjacency of each host route, by row and address. */
  readonly routes = new Map<string, number>();
  /** What is on a link; by default everything. */
  onLink: (row: number, address: Address) => boolean = () => true;
  private retired: (() => void)[] = [];
  readonly neighbours = new Neighbours(
    this.adjacencies,
    {
      request: (row, address, mac) => this.requests.push({ row, address, mac }),
      onLink: (row, address) => this.onLink(row, address),
      ownMac: () => OWN_MAC,
      mtu: (row) => this.mtus.get(row) ?? MTU,
      route: (row, address, adjacency) => this.routes.set(`${row} ${addressKey(address)}`, adjacency),
      unroute: (row, address, adjacency) => {
        if (this.routes.get(`${row} ${addressKey(address)}`) === adjacency)
          this.routes.delete(`${row} ${addressKey(address)}`);
      },
      changed: () => {
        this.changes++;
      },
      retire: (free) => this.retired.push(free),
    },
    () => this.random,
  );
  /** Of [0, 1): the middle has neighbours stay reachable for 30 seconds. */
  random = 0.5;

  constructor() {
    this.neighbours.onChange((row, address, usable) =>
      this.told.push(`${row} ${addressKey(address)} ${usable ? 'usable' : 'lost'}`),
    );
  }

  /** A packet leaves by an adjacency. */
  use(adjacency: number): void {
    this.adjacencies.words[(adjacency << ADJ_SHIFT) + ADJ_USED] = 1;
  }

  /** Every worker passes a quiescent point. */
  quiesce(): void {
    for (const free of this.retired.splice(0)) free();
  }

  get retiring(): number {
    return this.retired.length;
  }

  /** The requests since the last call. */
  asked(): Request[] {
    return this.requests.splice(0);
  }

  /** Destination MAC of an adjacency's rewrite. */
  destination(adjacency: number): number[] {
    return [...this.header(adjacency).subarray(0, 6)];
  }

  etherType(adjacency: number): number {
    return this.header(adjacency).readUInt16BE(12);
  }

  private header(adjacency: number): Buffer {
    const words = this.adjacencies.words.subarray(adjacency * 16, adjacency * 16 + 16);
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(words[6]! & 0xffff, 2);
    for (let i = 1; i < 4; i++) bytes.writeInt32LE(words[6 + i]!, i * 4);
    return bytes.subarray(2);
  }
}
