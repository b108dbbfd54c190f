// The IPv6 side of a bench's control: addresses, neighbours and routes in the FIB, from the same description.
import { contains6, type Ip6Words, networkOf6, parseIp6, parseIp6Prefix } from '@sluice/shared/net';
import {
  ADJ_GLEAN,
  ADJ_INCOMPLETE,
  ADJ_LOCAL,
  ADJ_NEIGHBOUR,
  ADJ_TUNNEL,
  type AdjacencyTable,
} from '../../src/tables/adjacencies.js';
import type { InterfaceTable } from '../../src/tables/interfaces.js';
import type { Ip6FibWriter } from '../../src/tables/ip6-fib-writer.js';
import { LINK_LOCAL_VRF, linkLocalOf, scopeOf } from '../../src/tables/ip6-scope.js';

/** ff02::/16: groups of the link. */
const LINK_GROUPS: Ip6Words = [0xff020000, 0, 0, 0];

export class BenchControl6 {
  private readonly neighbours = new Map<string, number>();
  /** Networks that an interface is connected to. */
  private readonly connected: { row: number; vrf: number; prefix: { address: Ip6Words; length: number } }[] =
    [];

  constructor(
    private readonly interfaces: InterfaceTable,
    private readonly adjacencies: AdjacencyTable,
    private readonly fib: Ip6FibWriter,
  ) {
    fib.createVrf(LINK_LOCAL_VRF);
  }

  /** An interface whose row has its VRF and MTU: its link-local address when it has a MAC address, and a global one. */
  addInterface(row: number, mac: Uint8Array | null, address: string | undefined): void {
    const vrf = this.interfaces.vrf[row]!;
    this.createVrf(vrf);
    if (mac !== null) {
      const linkLocal = linkLocalOf(mac);
      for (let i = 0; i < 4; i++) this.interfaces.linkLocal6[(row << 2) + i] = linkLocal[i]!;
      this.addAddress(row, vrf, linkLocal, 64, ADJ_GLEAN);
    }
    if (address === undefined) return;
    const prefix = parseIp6Prefix(address);
    if (prefix === null) throw new Error(`"${address}" is no prefix`);
    for (let i = 0; i < 4; i++) this.interfaces.address6[(row << 2) + i] = prefix.address[i]!;
    this.addAddress(row, vrf, prefix.address, prefix.length, mac === null ? ADJ_TUNNEL : ADJ_GLEAN);
  }

  /** A neighbour is known: its adjacency with the header of its link, and its host route. */
  resolve(row: number, text: string, mac: Uint8Array, own: Uint8Array): void {
    const key = `${row} ${text}`;
    const known = this.neighbours.get(key);
    const address = wordsOf(text);
    const adjacency = known ?? this.incomplete(row, address);
    this.adjacencies.resolve(adjacency, mac, own, 0x86dd);
    if (known !== undefined) return;
    this.neighbours.set(key, adjacency);
    const scope = scopeOf(this.interfaces.vrf[row]!, row, address);
    this.fib.add(scope.vrf, scope.address, 128, adjacency);
  }

  /** A next hop's adjacency; incomplete until the neighbour is resolved. */
  adjacencyOf(via: string, vrf: number): number {
    const address = wordsOf(via);
    const out = this.connected.find((each) => each.vrf === vrf && contains6(each.prefix, address));
    if (out === undefined) throw new Error(`no interface of VRF ${vrf} is connected to ${via}`);
    const key = `${out.row} ${via}`;
    const known = this.neighbours.get(key) ?? this.incomplete(out.row, address);
    this.neighbours.set(key, known);
    return known;
  }

  addRoute(vrf: number, prefix: string, adjacency: number): void {
    const parsed = parseIp6Prefix(prefix);
    if (parsed === null) throw new Error(`"${prefix}" is no prefix`);
    this.createVrf(vrf);
    this.fib.add(vrf, parsed.address, parsed.length, adjacency);
  }

  /** Takes a neighbour's link address back. */
  forget(row: number, address: string): void {
    const adjacency = this.neighbours.get(`${row} ${address}`);
    if (adjacency === undefined) throw new Error(`${address} is no neighbour of the bench`);
    if (this.adjacencies.kind(adjacency) === ADJ_NEIGHBOUR)
      this.adjacencies.setKind(adjacency, ADJ_INCOMPLETE);
  }

  private createVrf(vrf: number): void {
    if (this.fib.hasVrf(vrf)) return;
    this.fib.createVrf(vrf);
    const toAll = this.adjacencies.add({ kind: ADJ_LOCAL, interface: 0, mtu: 0 });
    this.fib.add(vrf, LINK_GROUPS, 16, toAll);
  }

  private addAddress(row: number, vrf: number, address: Ip6Words, length: number, kind: number): void {
    const mtu = this.interfaces.mtu[row]!;
    const local = this.adjacencies.add({ kind: ADJ_LOCAL, interface: row, mtu, nextHop6: address });
    const scope = scopeOf(vrf, row, address);
    this.fib.add(scope.vrf, scope.address, 128, local);
    if (length === 128) return;
    const prefix = { address: networkOf6({ address: scope.address, length }), length };
    this.fib.add(scope.vrf, prefix.address, length, this.adjacencies.add({ kind, interface: row, mtu }));
    if (scope.vrf !== LINK_LOCAL_VRF) this.connected.push({ row, vrf, prefix });
  }

  private incomplete(row: number, nextHop6: Ip6Words): number {
    const mtu = this.interfaces.mtu[row]!;
    return this.adjacencies.add({ kind: ADJ_INCOMPLETE, interface: row, mtu, nextHop6 });
  }
}

function wordsOf(text: string): Ip6Words {
  const words = parseIp6(text);
  if (words === null) throw new Error(`"${text}" is no IPv6 address`);
  return words;
}
