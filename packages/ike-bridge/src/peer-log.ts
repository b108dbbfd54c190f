// Of charon's log, the lines about one peer.
//
// charon names the connection of an IKE_SA once it knows who the peer is. What it says of an IKE_SA before is held back
// until then, unless it has the peer's address in it.
import type { LogLine } from './charon/index.js';
import type { Peer } from './peer.js';

/** IKE_SAs of unknown peers that are remembered, and lines that are held of each. */
const UNKNOWN_MAX = 64;
const HELD_MAX = 200;

export class PeerLog {
  readonly #peer: Peer;
  readonly #addresses: RegExp | null;
  /** By unique id of an IKE_SA without a name: what it has said; null when it is the peer's by its address. */
  readonly #unknown = new Map<string, LogLine[] | null>();

  constructor(peer: Peer) {
    this.#peer = peer;
    const words = [...peer.addresses].map((address) => address.replaceAll('.', '\\.'));
    this.#addresses =
      words.length === 0 ? null : new RegExp(`(?<![\\w:]|\\d\\.)(?:${words.join('|')})(?![\\w:]|\\.\\d)`);
  }

  /** The lines to show now that this one has come, in order. */
  take(line: LogLine): LogLine[] {
    const { connection, unique_id: id } = line;
    if (connection !== null && this.#peer.names.has(connection)) return [...this.#release(id), line];
    const addressed = this.#addresses?.test(line.message) === true;
    if (id === null) return addressed ? [line] : [];
    if (connection !== null && !this.#peer.byAddress) {
      this.#unknown.delete(id);
      return [];
    }
    const held = this.#unknown.get(id);
    if (held === null) return [line];
    if (addressed) {
      const before = this.#release(id);
      this.#remember(id, null);
      return [...before, line];
    }
    if (held === undefined) this.#remember(id, [line]);
    else if (held.length < HELD_MAX) held.push(line);
    return [];
  }

  #release(id: string | null): LogLine[] {
    if (id === null) return [];
    const held = this.#unknown.get(id) ?? [];
    this.#unknown.delete(id);
    return held;
  }

  #remember(id: string, lines: LogLine[] | null): void {
    this.#unknown.set(id, lines);
    if (this.#unknown.size <= UNKNOWN_MAX) return;
    const [oldest] = this.#unknown.keys();
    if (oldest !== undefined) this.#unknown.delete(oldest);
  }
}
