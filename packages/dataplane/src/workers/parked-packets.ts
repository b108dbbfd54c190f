// Packets of one worker that wait for a neighbour's link address.
//
// Few wait, and briefly: a small array that is searched beats a table. Limits keep a scan of a silent
// network from holding the pool's frames.

/** Packets that may wait in all, and for one neighbour. */
const PARKED_MAX = 256;
const PARKED_PER_NEIGHBOUR = 16;
/** Three requests a second apart (RFC 1122 section 2.3.2.1 bounds their rate), then the packet is given up. */
const PATIENCE_MS = 3_000;

export class ParkedPackets {
  private readonly packets = new Int32Array(PARKED_MAX);
  private readonly rows = new Int32Array(PARKED_MAX);
  private readonly addresses = new Int32Array(PARKED_MAX);
  private readonly until = new Float64Array(PARKED_MAX);
  length = 0;

  /** Packets that already wait for this neighbour; -1 when no more may wait. */
  waitingFor(row: number, address: number): number {
    if (this.length === PARKED_MAX) return -1;
    let count = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.addresses[i] === address && this.rows[i] === row) count++;
    }
    return count < PARKED_PER_NEIGHBOUR ? count : -1;
  }

  add(packet: number, row: number, address: number, now: number): void {
    const i = this.length++;
    this.packets[i] = packet;
    this.rows[i] = row;
    this.addresses[i] = address;
    this.until[i] = now + PATIENCE_MS;
  }

  /** Calls back for each packet, in order of arrival; those for which it says true leave. */
  take(leaves: (packet: number, expired: boolean) => boolean, now: number): void {
    let kept = 0;
    const { length } = this;
    for (let i = 0; i < length; i++) {
      const expired = now >= this.until[i]!;
      if (leaves(this.packets[i]!, expired)) continue;
      this.packets[kept] = this.packets[i]!;
      this.rows[kept] = this.rows[i]!;
      this.addresses[kept] = this.addresses[i]!;
      this.until[kept] = this.until[i]!;
      kept++;
    }
    this.length = kept;
  }
}
