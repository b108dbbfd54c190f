// SPIs that were given out and are waiting for their SA, and what tells an inbound SA from an outbound one.
import { randomInt } from 'node:crypto';

/**
 * How long an allocated SPI waits: what charon sets net.core.xfrm_acq_expires to, the time that all
 * retransmissions of an exchange take with its defaults.
 */
const LARVAL_LIFETIME_MS = 165_000;
/** How long the direction of a removed SA is remembered: charon moves an SA by removing and adding it. */
const REMEMBER_MS = 60_000;
const RANDOM_TRIES = 64;

export interface Larval {
  dst: string;
  src: string;
  spi: number;
  expiresAtMs: number;
}

/** What is remembered of a removed SA. */
export interface Removed {
  direction: 'in' | 'out';
  reqid: number;
  /** The highest sequence number that it is known to have sent or received. */
  sequence: number;
}

export class AllocatedSpis {
  readonly #larvals = new Map<string, Larval>();
  readonly #recent = new Map<number, Removed & { untilMs: number }>();

  /** A random SPI of the range that is not in use for the destination; null when none was found. */
  allocate(
    endpoints: { src: string; dst: string },
    min: number,
    max: number,
    nowMs: number,
    inUse: (spi: number) => boolean,
  ): Larval | null {
    for (let i = 0; i < RANDOM_TRIES; i++) {
      const spi = min === max ? min : randomInt(min, max + 1);
      const key = `${endpoints.dst}/${spi}`;
      if (this.#larvals.has(key) || inUse(spi)) continue;
      const larval = { ...endpoints, spi, expiresAtMs: nowMs + LARVAL_LIFETIME_MS };
      this.#larvals.set(key, larval);
      return larval;
    }
    return null;
  }

  get(key: { dst: string; spi: number }): Larval | undefined {
    return this.#larvals.get(`${key.dst}/${key.spi}`);
  }

  release(key: { dst: string; spi: number }): boolean {
    return this.#larvals.delete(`${key.dst}/${key.spi}`);
  }

  clear(): void {
    this.#larvals.clear();
  }

  remember(spi: number, removed: Removed, nowMs: number): void {
    this.#recent.set(spi, { ...removed, untilMs: nowMs + REMEMBER_MS });
  }

  /** What an SA was that charon is putting back; undefined for a new one. */
  removed(key: { spi: number; reqid: number }): Removed | undefined {
    const recent = this.#recent.get(key.spi);
    return recent !== undefined && recent.reqid === key.reqid ? recent : undefined;
  }

  /**
   * Inbound when the SPI was allocated here for that destination, or when charon is putting an inbound
   * SA back (at another address, or after this process forgot the allocation); else outbound.
   */
  directionOf(key: { dst: string; spi: number; reqid: number }): 'in' | 'out' {
    if (this.get(key) !== undefined) return 'in';
    return this.removed(key)?.direction ?? 'out';
  }

  /** Forgets what is over; returns the allocations that nobody used. */
  expire(nowMs: number): Larval[] {
    for (const [spi, { untilMs }] of this.#recent) if (untilMs <= nowMs) this.#recent.delete(spi);
    const over = [...this.#larvals.values()].filter((larval) => larval.expiresAtMs <= nowMs);
    for (const larval of over) this.release(larval);
    return over;
  }
}
