// IKE_SAs in which the peer refuses to make a CHILD_SA, though they have none: what it refuses there, for its key exchange,
// it may accept in a new IKE_SA, whose first CHILD_SA has none. Each outage is worth one authentication.
import type { Target } from './charon/index.js';
import { collectSas, ikeSaReport } from './charon/index.js';
import { terminate, type ViciClient } from './vici/index.js';

const TERMINATE_MS = 2000;

export class Childless {
  readonly #tried = new Set<string>();

  /**
   * Ends the IKE_SAs of a connection that have no CHILD_SA, unless that was tried since the child was up last.
   * @returns what was done, as a sentence for the operator; null when there was nothing to do
   * @throws ViciError when charon goes away
   */
  async end(vici: ViciClient, { connection, child }: Target): Promise<string | null> {
    const key = JSON.stringify([connection, child]);
    if (this.#tried.has(key)) return null;
    const sas = (await collectSas(vici, { ike: connection })).map(ikeSaReport);
    const bare = sas.filter(({ state, children }) => state === 'ESTABLISHED' && children.length === 0);
    if (bare.length === 0) return null;
    this.#tried.add(key);
    for (const { unique_id: ikeId } of bare)
      await vici.dedicated((own) => terminate(own, { ikeId }, { timeoutMs: TERMINATE_MS, force: true }));
    return `The peer of ${connection} refuses to make ${child} inside the IKE_SA that there was, without any CHILD_SA: it was ended, and the peer is authenticated anew.`;
  }

  /** The child is up. */
  up(connection: string, child: string): void {
    this.#tried.delete(JSON.stringify([connection, child]));
  }
}
