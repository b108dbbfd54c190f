// What a VRF brings by UDP port 547 over IPv6: from clients of the links that are served, and from relays.
import { formatIp6Number, messageOf } from '@sluice/shared';
import { GROUP_SERVERS, PORT_CLIENT6, PORT_SERVER6 } from '../wire6/codes.js';
import { address6 } from '../wire6/options.js';
import { META_DESTINATION6, META_INTERFACE, META_SOURCE6, native } from './native.js';
import { Socket } from './socket.js';

export interface Datagram6 {
  vrf: string;
  /** One of the links that are served; null for another. */
  interface: string | null;
  source: bigint;
  /** 0 for a group. */
  destination: bigint;
  payload: Buffer;
}

const NOWHERE = Buffer.alloc(16);

export class VrfSocket6 {
  /** Why it does not serve; null while it does. */
  problem: string | null = 'DHCPv6 has not been started yet';
  #udp: Socket | null = null;
  /** Indices of the devices whose group was joined, by their names. */
  readonly #joined = new Map<string, number>();
  #names: readonly string[] = [];

  constructor(
    readonly name: string,
    private readonly namespace: string,
    private readonly onDatagram: (datagram: Datagram6) => void,
  ) {}

  /** The interfaces whose links are served. */
  serve(names: readonly string[]): void {
    this.#names = names;
    for (const name of this.#joined.keys()) if (!names.includes(name)) this.#leave(name);
  }

  isUp(name: string | null): boolean {
    return this.#udp !== null && (name === null || this.#joined.has(name));
  }

  /** Opens what is not open yet, and joins the group on devices that are new or were made anew. */
  check(): void {
    try {
      this.#udp ??= new Socket(
        native().openUdp6(this.namespace),
        (payload, meta) => this.#receive(payload, meta),
        () => undefined,
      );
    } catch (error) {
      this.problem = `VRF ${this.name}: ${messageOf(error)}`;
      return;
    }
    this.problem = null;
    for (const name of this.#names) {
      const problem = this.#join(name, this.#udp.fd);
      this.problem ??= problem;
    }
  }

  /** To a client of a link, or to a relay: `source` 0 lets Linux choose. False when Linux did not take it. */
  send(
    payload: Buffer,
    to: { source: bigint; destination: bigint; interface: string | null; relay: boolean },
  ): boolean {
    if (this.#udp === null) return false;
    const index = to.interface === null ? 0 : (this.#joined.get(to.interface) ?? 0);
    const source = to.source === 0n ? NOWHERE : address6(to.source);
    const port = to.relay ? PORT_SERVER6 : PORT_CLIENT6;
    const sent = native().sendDatagram6(this.#udp.fd, payload, source, address6(to.destination), index, port);
    return sent === payload.length;
  }

  close(): void {
    this.#udp?.close();
    this.#udp = null;
    this.#joined.clear();
  }

  #receive(payload: Buffer, meta: Int32Array): void {
    const index = meta[META_INTERFACE]!;
    const destination = addressAt(meta, META_DESTINATION6);
    this.onDatagram({
      vrf: this.name,
      interface: [...this.#joined].find(([, joined]) => joined === index)?.[0] ?? null,
      source: addressAt(meta, META_SOURCE6),
      destination: destination >> 120n === 0xffn ? 0n : destination,
      payload,
    });
  }

  /** A sentence when it cannot. */
  #join(name: string, fd: number): string | null {
    const index = native().linkIndex(this.namespace, name);
    if (index !== 0 && this.#joined.get(name) === index) return null;
    this.#leave(name);
    if (index === 0) return `${name} is not there, or not up`;
    const result = native().joinGroup6(fd, GROUP_SERVERS, index, true);
    if (result < 0)
      return `${name} cannot hear ${formatIp6Number(0xff02_0000_0000_0000_0000_0000_0001_0002n)}: error ${-result}`;
    this.#joined.set(name, index);
    return null;
  }

  #leave(name: string): void {
    const index = this.#joined.get(name);
    // One that is gone has left by itself.
    if (index !== undefined && this.#udp !== null)
      native().joinGroup6(this.#udp.fd, GROUP_SERVERS, index, false);
    this.#joined.delete(name);
  }
}

function addressAt(meta: Int32Array, at: number): bigint {
  return [0, 1, 2, 3].reduce((value, i) => (value << 32n) | BigInt(meta[at + i]! >>> 0), 0n);
}
