// AF_PACKET with memory-mapped rings (packet(7), linux/if_packet.h), for every Linux device; one copy each way.
import { VECTOR_MAX } from '../graph/frame.js';
import type { PacketPool } from '../memory/packet-pool.js';
import {
  deviceOffloadsOff,
  deviceSet,
  hostGuardAttach,
  hostGuardClose,
  NativeError,
  PACKET_STATISTICS,
  packetClose,
  packetFd,
  packetKick,
  packetOpen,
  packetReceive,
  packetSend,
  packetStatistics,
} from '../native/index.js';
import type { Port } from './port.js';

/** Slots of each ring. */
const RING = 2048;
/** Losses, by where they stand in the native layer's statistics. */
const LOSSES = {
  rx_ring_full: PACKET_STATISTICS.kernelDrops,
  rx_too_long: PACKET_STATISTICS.tooLong,
  rx_gso: PACKET_STATISTICS.gso,
  rx_malformed: PACKET_STATISTICS.malformed,
};

export class AfPacketPort implements Port {
  readonly pollFd: number;
  /** What waits in its ring keeps the descriptor readable. */
  readonly starved = false;
  private readonly handle: number;
  /** Keeps Linux from handling what the gateway received; null where the kernel has no TCX. */
  private readonly guard: number | null;
  /** Free frames to receive into. */
  private readonly spare = new Int32Array(VECTOR_MAX);
  private spares = 0;
  private unsent = false;

  constructor(
    private readonly pool: PacketPool,
    device: string,
  ) {
    deviceOffloadsOff(device);
    deviceSet(device, { up: true, promiscuous: true });
    this.handle = packetOpen({ device, rxFrames: RING, txFrames: RING });
    this.pollFd = packetFd(this.handle);
    try {
      this.guard = attachGuard(device);
    } catch (error) {
      packetClose(this.handle);
      throw error;
    }
  }

  get held(): number {
    return this.spares;
  }

  receive(packets: Int32Array, max: number): number {
    if (this.spares < max) this.spares += this.pool.allocMany(this.spare, this.spares, max - this.spares);
    const offered = Math.min(max, this.spares);
    const from = this.spares - offered;
    const count = packetReceive(this.handle, this.spare, from, offered);
    if (count <= 0) return 0;
    for (let i = 0; i < count; i++) packets[i] = this.spare[from + i]!;
    // The unused ones close the gap.
    this.spare.copyWithin(from, from + count, this.spares);
    this.spares -= count;
    return count;
  }

  send(packets: Int32Array, from: number, count: number): number {
    const taken = packetSend(this.handle, packets, from, count);
    if (taken <= 0) return taken;
    this.unsent = true;
    this.pool.freeMany(packets, from, taken);
    return taken;
  }

  flush(): number {
    if (!this.unsent) return 0;
    const result = packetKick(this.handle);
    this.unsent = result < 0;
    return result;
  }

  statistics(): Record<string, number> {
    const out = new Float64Array(Object.keys(PACKET_STATISTICS).length);
    packetStatistics(this.handle, out);
    return Object.fromEntries(Object.entries(LOSSES).map(([name, i]) => [name, out[i] ?? 0]));
  }

  close(): void {
    if (this.guard !== null) hostGuardClose(this.guard);
    packetClose(this.handle);
    this.pool.freeMany(this.spare, 0, this.spares);
    this.spares = 0;
  }
}

function attachGuard(device: string): number | null {
  try {
    return hostGuardAttach(device);
  } catch (error) {
    // Kernels before 6.6 have no TCX; there the strict reverse-path filter that the control side sets on
    // the device keeps Linux from accepting what it sees a copy of.
    if (
      error instanceof NativeError &&
      (error.code === 'EINVAL' || error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP')
    )
      return null;
    throw error;
  }
}
