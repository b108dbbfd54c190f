// Packets of 1500 octets cut for an MTU of 576, and such fragments put together for the box.
import { hex, PACKET_MASK, SpscRing } from '@sluice/dataplane/test-support';
import { MemoryGateway } from '../memory/gateway.js';
import { ETHERNET, LAN_MAC, network, nextHop, put16, writeEthernet, writeIp4 } from '../memory/network.js';
import { PacketLoop } from '../memory/packet-loop.js';

const IP4_TYPE = 0x0800;
const UDP = 17;
const HEADER = 20;
const OCTETS = 1500;
const MTU = 576;
/** Octets of the payload in a fragment: a multiple of 8. */
const ROOM = (MTU - HEADER) & ~7;
export const FRAGMENTS = Math.ceil((OCTETS - HEADER) / ROOM);
const MORE = 0x2000;
const SOURCE = 0x0a010002;
const FRAMES = 8192;

/** A payload whose every octet says where it belongs. */
const PAYLOAD = Uint8Array.from({ length: OCTETS - HEADER }, (_, i) => (i * 7) ^ (i >> 8));

export interface FragmentsOrder {
  /** Datagrams of a batch; one vector unless said otherwise. */
  datagrams?: number;
}

/** Fragments leave by `wan`. */
export function fragment({ datagrams = 256 }: FragmentsOrder): PacketLoop {
  const route = { prefix: '10.9.0.0/16', via: nextHop(0) };
  const gateway = new MemoryGateway({ ...network(MTU), routes: [route] }, { frames: FRAMES });
  return new PacketLoop(gateway, {
    from: 'lan',
    to: 'wan',
    packets: datagrams,
    out: datagrams * FRAGMENTS,
    recycles: false,
    write(bytes, at, index) {
      writeEthernet(bytes, at, LAN_MAC, IP4_TYPE);
      const destination = 0x0a090000 | index;
      writeIp4(bytes, at + ETHERNET, { total: OCTETS, protocol: UDP, source: SOURCE, destination });
      bytes.set(PAYLOAD, at + ETHERNET + HEADER);
      return ETHERNET + OCTETS;
    },
  });
}

/** Fragments come in by `lan`, each datagram's in order, and go to Linux as a whole. */
export function reassembly({ datagrams = 85 }: FragmentsOrder): PacketLoop {
  return new ReassemblyLoop(datagrams);
}

class ReassemblyLoop extends PacketLoop {
  private readonly toLinux: SpscRing;
  private readonly whole: Int32Array;
  private id = 0;
  private delivered = 0;

  constructor(private readonly datagrams: number) {
    let now = 1_700_000_000_000;
    const clock = (): number => {
      // Linux is given so many packets a second: a round has the time that its datagrams may take.
      now += datagrams / 4;
      return now;
    };
    const gateway = new MemoryGateway(network(), { frames: FRAMES, clock });
    super(gateway, {
      from: 'lan',
      to: 'wan',
      packets: datagrams * FRAGMENTS,
      out: 0,
      recycles: false,
      write: (bytes, at, index) => this.writeFragment(bytes, at, index),
    });
    this.toLinux = new SpscRing(gateway.shared.punt[0]!);
    this.whole = new Int32Array(datagrams);
  }

  override run(): number {
    super.run();
    return this.datagrams;
  }

  /** Linux takes what there is for it. */
  override check(): void {
    const count = this.toLinux.popMany(this.whole, 0, this.datagrams);
    if (count !== this.datagrams) {
      throw new Error(`${count} datagrams came out instead of ${this.datagrams}: ${this.gateway.dropped()}`);
    }
    this.delivered += count;
    for (let i = 0; i < count; i++) {
      this.whole[i] = this.whole[i]! & PACKET_MASK;
      if (i < count - 1) this.gateway.pool.free(this.whole[i]!);
    }
    this.remember(this.whole[count - 1]!);
  }

  private last = '';

  private remember(frame: number): void {
    const { pool } = this.gateway;
    const at = pool.offset[frame]!;
    this.last = hex(pool.bytes.slice(at, at + pool.length[frame]!));
    pool.free(frame);
  }

  override sample(): string {
    return this.last;
  }

  private writeFragment(bytes: Uint8Array, at: number, index: number): number {
    const part = index % FRAGMENTS;
    if (part === 0) this.id = (this.id + 1) & 0xffff;
    const payload = PAYLOAD.subarray(part * ROOM, (part + 1) * ROOM);
    const more = part < FRAGMENTS - 1 ? MORE : 0;
    writeEthernet(bytes, at, LAN_MAC, IP4_TYPE);
    writeIp4(bytes, at + ETHERNET, {
      total: HEADER + payload.length,
      protocol: UDP,
      source: SOURCE,
      destination: 0x0a010001,
      id: this.id,
      fragment: more | ((part * ROOM) >> 3),
    });
    bytes.set(payload, at + ETHERNET + HEADER);
    // An unprivileged port, which no class of its own has.
    if (part === 0) put16(bytes, at + ETHERNET + HEADER + 2, 40_000);
    return ETHERNET + HEADER + payload.length;
  }
}
