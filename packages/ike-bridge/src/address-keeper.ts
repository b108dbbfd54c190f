// Keeps the data plane told of the addresses that peers have assigned: whenever they change, and when it is new.
import type { AssignedAddresses, IkeSaReport } from '@sluice/shared';
import { messageOf } from '@sluice/shared';
import { assignedAddresses, type HasSas } from './assigned-addresses.js';
import type { XfrmLog } from './xfrm/index.js';

export class AddressKeeper {
  #wanted: AssignedAddresses = [];
  /** What the data plane has, as text; null when it is not known, because it or this process is new. */
  #told: string | null = null;
  #telling = false;

  constructor(
    private readonly tell: (tunnels: AssignedAddresses) => Promise<unknown>,
    private readonly hasSas: HasSas,
    private readonly log: XfrmLog,
  ) {}

  /** What charon lists now. */
  see(sas: readonly IkeSaReport[]): void {
    this.#wanted = assignedAddresses(sas, this.#wanted, this.hasSas);
    void this.#bring();
  }

  /** The data plane is there, perhaps as another: it is told with the next list of charon's SAs. */
  dataplaneIsNew(): void {
    this.#told = null;
  }

  async #bring(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (
        let text = JSON.stringify(this.#wanted);
        text !== this.#told;
        text = JSON.stringify(this.#wanted)
      ) {
        await this.tell(this.#wanted);
        if (text !== '[]' || (this.#told ?? text) !== text)
          this.log.info({ tunnels: text }, 'tunnels have the addresses that peers assigned');
        this.#told = text;
      }
    } catch (error) {
      // The next list, ten seconds from now at most, has it tried again.
      this.log.debug({ error: messageOf(error) }, 'the data plane did not take assigned addresses');
    } finally {
      this.#telling = false;
    }
  }
}
