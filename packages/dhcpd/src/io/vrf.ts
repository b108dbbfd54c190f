// What a VRF brings by way of routing: UDP port 67, and echo replies.
import { messageOf } from '@sluice/shared';
import { META_DESTINATION, META_SOURCE, native } from './native.js';
import { Socket } from './socket.js';

const IP4_BYTES = 20;
const ECHO_BYTES = 8;
const ECHO_REPLY = 0;

export interface VrfEvents {
  onDatagram(vrf: string, payload: Buffer, source: number, destination: number): void;
  /** Whether to leave out a datagram of `length` octets: see Socket. */
  refuses(vrf: string, payload: Buffer, length: number, destination: number): boolean;
  onEcho(vrf: string, address: number): void;
}

export class VrfSockets {
  problem: string | null = 'has not been looked for yet';
  #udp: Socket | null = null;
  #icmp: Socket | null = null;

  constructor(
    readonly name: string,
    private readonly namespace: string,
    private readonly events: VrfEvents,
  ) {}

  /** Opens what is not open yet. */
  check(): void {
    if (this.#udp !== null && this.#icmp !== null) return;
    try {
      this.#udp ??= new Socket(
        native().openUdp(this.namespace),
        (payload, meta) =>
          this.events.onDatagram(this.name, payload, meta[META_SOURCE]! >>> 0, meta[META_DESTINATION]! >>> 0),
        () => undefined,
        (payload, length, meta) =>
          this.events.refuses(this.name, payload, length, meta[META_DESTINATION]! >>> 0),
      );
      this.#icmp ??= new Socket(
        native().openIcmp(this.namespace),
        (packet) => this.#onEcho(packet),
        () => undefined,
      );
      this.problem = null;
    } catch (error) {
      this.problem = `VRF ${this.name}: ${messageOf(error)}`;
    }
  }

  sendDatagram(payload: Uint8Array, source: number, destination: number, port: number): boolean {
    if (this.#udp === null) return false;
    return native().sendDatagram(this.#udp.fd, payload, source, destination, port) === payload.length;
  }

  sendEcho(packet: Uint8Array, source: number, destination: number): boolean {
    if (this.#icmp === null) return false;
    return native().sendDatagram(this.#icmp.fd, packet, source, destination, 0) === packet.length;
  }

  close(): void {
    this.#udp?.close();
    this.#icmp?.close();
    this.#udp = null;
    this.#icmp = null;
  }

  #onEcho(packet: Buffer): void {
    const header = (packet[0]! & 15) * 4;
    if (packet.length < header + ECHO_BYTES || header < IP4_BYTES || packet[header] !== ECHO_REPLY) return;
    this.events.onEcho(this.name, packet.readUInt32BE(12));
  }
}
