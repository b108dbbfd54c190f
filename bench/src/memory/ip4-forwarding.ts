// 64-byte packets through the complete graph: from one memory port, by the routes of a workload, to another.
import { type BenchTables, hex, PACKET_START } from '@sluice/dataplane/test-support';
import { MemoryGateway } from './gateway.js';
import type { Batch } from './measure.js';
import { SinkPort, SourcePort } from './ports.js';
import { NEXT_HOPS, type Workload } from './workload.js';

/** Frames in rotation: their headers and metadata fill more than the first-level cache. */
export const PACKETS = 2048;
/** What 64 octets on the wire are without the checksum. */
export const FRAME_OCTETS = 60;
const IP = PACKET_START + 14;
const PORT_MAC = Uint8Array.of(2, 0, 0, 0, 1, 1);
const HOST_MAC = Uint8Array.of(2, 0, 0, 0, 0xff, 1);

export class Ip4Forwarding implements Batch {
  readonly gateway: MemoryGateway;
  private readonly source: SourcePort;
  private readonly sink = new SinkPort();
  private readonly bytes: Uint8Array;
  private nextDestination = 0;

  constructor(private readonly workload: Workload) {
    this.gateway = new MemoryGateway(PACKETS * 2, tables());
    loadRoutes(this.gateway, workload);
    const { pool } = this.gateway;
    this.bytes = pool.bytes;
    const frames = new Int32Array(PACKETS);
    pool.allocMany(frames, 0, PACKETS);
    const offsets = frames.map((frame) => pool.base(frame) + PACKET_START);
    this.source = new SourcePort(pool, frames, offsets, new Int32Array(PACKETS).fill(FRAME_OCTETS));
    this.gateway.addPort('lan', this.source);
    this.gateway.addPort('wan', this.sink);
  }

  /** Packets that came out so far. */
  get out(): number {
    return this.sink.sent;
  }

  fill(): void {
    const { frames } = this.source;
    const { pool } = this.gateway;
    const { destinations } = this.workload;
    for (let i = 0; i < frames.length; i++) {
      const destination = destinations[this.nextDestination]!;
      this.nextDestination = this.nextDestination + 1 === destinations.length ? 0 : this.nextDestination + 1;
      writePacket(this.bytes, pool.base(frames[i]!), destination);
    }
    this.source.rewind();
  }

  run(): number {
    const before = this.sink.sent;
    while (this.source.left > 0) this.gateway.forwarder.round();
    const sent = this.sink.sent - before;
    if (sent !== PACKETS) throw new Error(`of ${PACKETS} packets only ${sent} came out`);
    return sent;
  }

  /** The last packet that came out, in hexadecimal. */
  sample(): string {
    const { pool } = this.gateway;
    const at = pool.offset[this.sink.last]!;
    return hex(pool.bytes.slice(at, at + pool.length[this.sink.last]!));
  }

  close(): void {
    this.gateway.close();
  }
}

function tables(): BenchTables {
  const neighbours = Array.from({ length: NEXT_HOPS }, (_, i) => ({
    interface: 'wan',
    address: `10.2.0.${2 + i}`,
    mac: `02:00:00:00:fe:${(i + 1).toString(16).padStart(2, '0')}`,
  }));
  return {
    interfaces: [
      { name: 'lan', address: '10.1.0.1/24' },
      { name: 'wan', address: '10.2.0.1/24' },
    ],
    neighbours,
  };
}

export function loadRoutes({ control }: MemoryGateway, workload: Workload): void {
  const hops = Array.from({ length: NEXT_HOPS }, (_, i) => control.adjacencyOf(`10.2.0.${2 + i}`, 0));
  const { addresses, lengths, nextHops } = workload;
  for (let i = 0; i < addresses.length; i++) {
    control.fib.add(0, addresses[i]!, lengths[i]!, hops[nextHops[i]!]!);
  }
}

/** Ethernet, IPv4 and UDP headers in the frame at `base`. */
function writePacket(bytes: Uint8Array, base: number, destination: number): void {
  bytes.set(PORT_MAC, base + PACKET_START);
  bytes.set(HOST_MAC, base + PACKET_START + 6);
  bytes[base + PACKET_START + 12] = 8;
  bytes[base + PACKET_START + 13] = 0;
  const ip = base + IP;
  const words = [
    0x4500,
    FRAME_OCTETS - 14,
    0x1234,
    0,
    0x4011,
    0,
    0x0a01,
    2,
    destination >>> 16,
    destination & 0xffff,
  ];
  let sum = 0;
  for (const word of words) sum += word;
  sum = (sum & 0xffff) + (sum >>> 16);
  words[5] = ~(sum + (sum >>> 16)) & 0xffff;
  for (let i = 0; i < 10; i++) {
    bytes[ip + 2 * i] = words[i]! >>> 8;
    bytes[ip + 2 * i + 1] = words[i]!;
  }
}
