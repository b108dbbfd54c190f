// Guessing passwords: an address that fails is shut out for a while, longer each time. Users are never locked out for
// what others try, and public keys are not asked about it: nobody can shut an operator out by guessing.

/** Failures within the window before an address is shut out. */
const FAILURES_MAX = 5;
const WINDOW_MS = 5 * 60_000;
const FIRST_LOCK_MS = 60_000;
const LOCK_MAX_MS = 60 * 60_000;
/** Addresses that are remembered; the one that was quiet longest makes room. */
const ADDRESSES_MAX = 4096;

interface Guesser {
  failures: number;
  since: number;
  lockedUntil: number;
  lockMs: number;
}

export class GuessLimit {
  readonly #guessers = new Map<string, Guesser>();

  /** @param now Milliseconds of a clock that only goes on. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Seconds for which an address is still shut out; 0 when it is not. */
  lockedFor(address: string): number {
    const left = (this.#guessers.get(sourceOf(address))?.lockedUntil ?? 0) - this.now();
    return Math.max(0, Math.ceil(left / 1000));
  }

  /** A password was wrong. True when the address is shut out by it. */
  failed(address: string): boolean {
    const key = sourceOf(address);
    const now = this.now();
    const known = this.#guessers.get(key) ?? {
      failures: 0,
      since: now,
      lockedUntil: 0,
      lockMs: FIRST_LOCK_MS,
    };
    this.#guessers.delete(key);
    this.#guessers.set(key, known);
    if (this.#guessers.size > ADDRESSES_MAX) {
      const [oldest] = this.#guessers.keys();
      if (oldest !== undefined) this.#guessers.delete(oldest);
    }
    if (now - known.since > WINDOW_MS) Object.assign(known, { failures: 0, since: now });
    known.failures++;
    if (known.failures < FAILURES_MAX) return false;
    Object.assign(known, { failures: 0, since: now, lockedUntil: now + known.lockMs });
    known.lockMs = Math.min(known.lockMs * 2, LOCK_MAX_MS);
    return true;
  }

  succeeded(address: string): void {
    this.#guessers.delete(sourceOf(address));
  }
}

/** Who an address stands for: IPv6 hosts choose among those of a /64. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] as string;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
