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
  /** Four words each; IPv4 in the first, the others 0. */
  private readonly addresses = new Int32Array(4 * PARKED_MAX);
  private readonly until = new Float64Array(PARKED_MAX);
  length = 0;

  /** False when all places are taken, or all that one neighbour may have. */
  mayWait(row: number, w0: number, w1: number, w2: number, w3: number): boolean {
    if (this.length === PARKED_MAX) return false;
    const { addresses, rows } = this;
    let count = 0;
    for (let i = 0, at = 0; i < this.length; i++, at += 4) {
      if (
        rows[i] === row &&
        addresses[at] === w0 &&
        addresses[at + 1] === w1 &&
        addresses[at + 2] === w2 &&
        addresses[at + 3] === w3
      )
        count++;
    }
    return count < PARKED_PER_NEIGHBOUR;
  }

  add(packet: number, row: number, w0: number, w1: number, w2: number, w3: number, now: number): void {
    const i = this.length++;
    this.packets[i] = packet;
    this.rows[i] = row;
    this.addresses[4 * i] = w0;
    this.addresses[4 * i + 1] = w1;
    this.addresses[4 * i + 2] = w2;
    this.addresses[4 * i + 3] = w3;
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
      for (let word = 0; word < 4; word++) this.addresses[4 * kept + word] = this.addresses[4 * i + word]!;
      this.until[kept] = this.until[i]!;
      kept++;
    }
    this.length = kept;
  }
}
