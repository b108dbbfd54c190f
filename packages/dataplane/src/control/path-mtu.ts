// What is known of the paths that tunnels take: the MTU that an ICMP error has told, for a while (RFC 1191, RFC 8201).
//
// Workers have matched each error to an SA before it comes here. A path can have become wider since: after ten
// minutes what was told is forgotten, and told again if it is still true.

/** RFC 1191 section 6.3 and RFC 8201 section 4: an increase is looked for ten minutes after a decrease. */
const AGE_MS = 600_000;
/**
 * The least that is believed. IPv6: what every link carries (RFC 8200 section 5). IPv4: what every host takes in (RFC
 * 1122 section 3.3.2); less would be an attack on whoever uses the tunnel rather than a path of today.
 */
const LEAST = { 4: 576, 6: 1280 } as const;

/** What routers that tell no MTU are likely to have (RFC 1191 section 7.1, the plateaus above the least). */
const PLATEAUS = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 576] as const;

interface Learnt {
  mtu: number;
  until: number;
}

export class PathMtus {
  /** By interface row of the tunnel. */
  private readonly learnt = new Map<number, Learnt>();

  /**
   * An error told that a packet of `length` octets was longer than `mtu`, 0 when it did not say. True when the path is
   * narrower than was known.
   */
  learn(row: number, family: 4 | 6, mtu: number, length: number, now: number): boolean {
    const told = mtu === 0 ? (PLATEAUS.find((plateau) => plateau < length) ?? LEAST[family]) : mtu;
    const believed = Math.max(told, LEAST[family]);
    const before = this.learnt.get(row);
    if (before !== undefined && before.mtu < believed) return false;
    this.learnt.set(row, { mtu: believed, until: now + AGE_MS });
    return before?.mtu !== believed;
  }

  /** Octets of an outer packet that the tunnel's path takes; null when nothing is known of it. */
  of(row: number): number | null {
    return this.learnt.get(row)?.mtu ?? null;
  }

  /** Forgets what is old; true when there was something. */
  tick(now: number): boolean {
    let forgot = false;
    for (const [row, { until }] of this.learnt) {
      if (now < until) continue;
      this.learnt.delete(row);
      forgot = true;
    }
    return forgot;
  }

  forget(row: number): void {
    this.learnt.delete(row);
  }
}
