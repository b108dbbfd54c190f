// Packets of a peer by an SA that this side does not have (RFC 7296 section 1.5): after a collision of rekeyings one side
// may believe in a CHILD_SA that the other has given up. Nothing in IKE tells it, so a CHILD_SA that both have is rekeyed:
// the newest is what both send by.

/** What a deletion leaves on its way is through by then. */
const CONFIRM_MS = 500;
const FORGET_MS = 3_000;
/** Anybody can send such packets in a peer's name: they cost a rekeying twice a minute at most. */
const AGAIN_MS = 30_000;
const PEERS_MAX = 4096;

interface Stray {
  spi: number;
  sinceMs: number;
  lastMs: number;
}

export class StrayPackets {
  readonly #seen = new Map<string, Stray>();
  readonly #repairedMs = new Map<string, number>();

  /** A packet by an unknown SPI; any clock that does not go back. True when its peer needs a repair. */
  heard(packet: { src: string; dst: string; spi: number }, nowMs: number): boolean {
    const key = keyOf(packet.src, packet.dst);
    const before = this.#seen.get(key);
    const goesOn = before?.spi === packet.spi && nowMs - before.lastMs < FORGET_MS;
    if (this.#seen.size >= PEERS_MAX) this.#seen.clear();
    if (this.#repairedMs.size >= PEERS_MAX) this.#repairedMs.clear();
    this.#seen.set(key, { spi: packet.spi, sinceMs: goesOn ? before.sinceMs : nowMs, lastMs: nowMs });
    return this.#isDue(key, nowMs);
  }

  /**
   * The SPI by which a peer goes on to send, when it is time to do something about it; it is not again for a while.
   *
   * @param installedMs When the peer got its newest SA: it may need a moment to go over to that.
   */
  take(peer: { remote: string; local: string }, nowMs: number, installedMs: number): number | null {
    const key = keyOf(peer.remote, peer.local);
    const stray = this.#seen.get(key);
    if (stray === undefined || !this.#isDue(key, nowMs) || stray.lastMs - installedMs < CONFIRM_MS)
      return null;
    this.#seen.delete(key);
    this.#repairedMs.set(key, nowMs);
    return stray.spi;
  }

  #isDue(key: string, nowMs: number): boolean {
    const stray = this.#seen.get(key);
    if (stray === undefined || nowMs - stray.lastMs >= FORGET_MS) return false;
    if (stray.lastMs - stray.sinceMs < CONFIRM_MS) return false;
    return nowMs - (this.#repairedMs.get(key) ?? Number.NEGATIVE_INFINITY) >= AGAIN_MS;
  }
}

function keyOf(src: string, dst: string): string {
  return `${src} ${dst}`;
}
