// Servers that somebody else has put on a network that this one serves.
import { formatIp4 } from '@sluice/shared';

const SERVERS_MAX = 16;
/** One that has not been heard for so long is gone. */
const FORGET_MS = 3_600_000;

export class OtherServers {
  /** By interface: `10.1.0.66 (02:…)`, with ` at p1` of a bridge, and when it was heard last. */
  readonly #heard = new Map<string, Map<string, number>>();

  /** True for one that is new. */
  heard(name: string, address: number, mac: string, member: string, nowMs: number): boolean {
    const servers = this.#heard.get(name) ?? new Map<string, number>();
    this.#heard.set(name, servers);
    const text = `${formatIp4(address)} (${mac})${member === '' ? '' : ` at ${member}`}`;
    const isNew = !servers.has(text);
    if (isNew && servers.size >= SERVERS_MAX) return false;
    servers.set(text, nowMs);
    return isNew;
  }

  on(name: string, nowMs: number): string[] {
    const servers = this.#heard.get(name) ?? new Map<string, number>();
    for (const [text, atMs] of servers) if (nowMs - atMs > FORGET_MS) servers.delete(text);
    return [...servers.keys()];
  }

  /** Forgets what was heard on interfaces that are not served any more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#heard.keys()) if (!names.has(name)) this.#heard.delete(name);
  }
}
