// What is done about rekeyings that an end refuses. The SAs would live to the end of their time, and then charon could not
// replace them inside their IKE_SA either. So the peer is authenticated anew, make before break: the first CHILD_SA of an
// IKE_SA is made without a key exchange of its own, as it was made before.
import type { ConnectionSection, IkeSaReport } from '@sluice/shared';
import { type LogLine, type Refusal, RekeyRefusals, refusalSentence } from './charon/index.js';

/** The peer asked and may see to it by itself, if it is like us: it is through by then. */
const PEER_FIRST_MS = 3000;
/** A peer that cannot be authenticated anew is asked again after so long, while charon goes on trying to rekey. */
const AGAIN_MS = 30_000;

interface Pending {
  connection: string;
  dueMs: number;
}

export interface Reauthentication {
  ikeId: string;
  connection: string;
}

export class RefusedRekeyings {
  readonly #log = new RekeyRefusals();
  /** By unique id of the IKE_SA. */
  readonly #pending = new Map<string, Pending>();
  /** When IKE_SAs were authenticated anew, by their unique ids. */
  readonly #begunMs = new Map<string, number>();
  /** By connection. */
  readonly #problems = new Map<string, { section: ConnectionSection; refusal: Refusal; sentence: string }>();

  /** Sentences by connection, until a rekeying succeeds or the connection is another. */
  get problems(): ReadonlyMap<string, string> {
    return new Map([...this.#problems].map(([name, { sentence }]) => [name, sentence]));
  }

  /**
   * A line of charon's log; any clock that does not go back.
   * @returns the refusal that it tells of, with its sentence when that is new
   */
  heard(
    line: LogLine,
    connections: readonly ConnectionSection[],
    nowMs: number,
  ): { refusal: Refusal; sentence: string | null } | null {
    const refusal = this.#log.heard(line);
    if (refusal === null) return null;
    const section = connections.find(({ name }) => name === refusal.connection);
    if (section === undefined) return null;
    const dueMs = refusal.by === 'peer' ? nowMs : nowMs + PEER_FIRST_MS;
    const pending = this.#pending.get(refusal.ikeId);
    if (pending === undefined || pending.dueMs > dueMs)
      this.#pending.set(refusal.ikeId, { connection: refusal.connection, dueMs });
    const before = this.#problems.get(section.name);
    // What the peer proposes says more than that it refuses what we do.
    if (before !== undefined && before.refusal.by === 'us' && refusal.by === 'peer')
      return { refusal, sentence: null };
    const sentence = refusalSentence(refusal, section);
    this.#problems.set(section.name, { section, refusal, sentence });
    return { refusal, sentence: before?.sentence === sentence ? null : sentence };
  }

  /** A CHILD_SA of the connection was rekeyed. */
  rekeyed(connection: string): void {
    this.#problems.delete(connection);
  }

  /** Forgets what was heard of connections that are there no more, or are others now. */
  want(connections: readonly ConnectionSection[]): void {
    const sections = new Map(connections.map((section) => [section.name, JSON.stringify(section)]));
    for (const [name, { section }] of this.#problems)
      if (sections.get(name) !== JSON.stringify(section)) this.#problems.delete(name);
  }

  /** charon is new. */
  clear(): void {
    this.#log.clear();
    this.#pending.clear();
    this.#begunMs.clear();
  }

  /** Whether something waits for its time. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** IKE_SAs to authenticate anew now, of those that charon lists. Each counts as begun. */
  due(sas: readonly IkeSaReport[], nowMs: number): Reauthentication[] {
    const due: Reauthentication[] = [];
    const listed = new Map(sas.map((sa) => [sa.unique_id, sa]));
    for (const [ikeId, { connection, dueMs }] of this.#pending) {
      if (dueMs > nowMs) continue;
      this.#pending.delete(ikeId);
      const sa = listed.get(ikeId);
      if (sa === undefined || !carries(sa) || hasSuccessor(sa, sas)) continue;
      if (nowMs - (this.#begunMs.get(ikeId) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) continue;
      this.#begunMs.set(ikeId, nowMs);
      due.push({ ikeId, connection });
    }
    for (const ikeId of this.#begunMs.keys()) if (!listed.has(ikeId)) this.#begunMs.delete(ikeId);
    return due;
  }
}

function carries({ state, children }: IkeSaReport): boolean {
  return state === 'ESTABLISHED' && children.some((child) => child.state === 'INSTALLED');
}

/** The peer, or whoever else, has been authenticated anew already. */
function hasSuccessor(sa: IkeSaReport, sas: readonly IkeSaReport[]): boolean {
  return sas.some(
    (other) =>
      other.name === sa.name &&
      other.remote_id === sa.remote_id &&
      other.remote_address === sa.remote_address &&
      Number(other.unique_id) > Number(sa.unique_id) &&
      carries(other),
  );
}
