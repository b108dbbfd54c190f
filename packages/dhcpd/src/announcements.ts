// Changes of leases, published some at a time: thousands of clients may come at once.
import type { DhcpLeaseEvent } from '@sluice/shared';

const GATHER_MS = 100;
/** Some 300 KiB of JSON. */
const CHANGES_MAX = 1_000;

type Change = DhcpLeaseEvent['changes'][number];

export class Announcements {
  #changes: Change[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly publish: (changes: Change[]) => void) {}

  add(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length >= CHANGES_MAX) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Publishes what there is, and no more. */
  close(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length > 0) this.publish(changes);
  }
}
