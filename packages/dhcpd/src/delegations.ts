// Gives the data plane the routes to delegated prefixes: all of them, whenever they or the data plane are others.
import {
  type ActorClient,
  connect,
  type DelegatedRoute,
  dataplaneContract,
  type Logger,
  messageOf,
} from '@sluice/shared';

export class Delegations {
  readonly #client: ActorClient<typeof dataplaneContract>;
  readonly #log: Logger;
  /** What was given last, to which process. */
  #given: { change: number; instance: string } | null = null;
  #instance: string | null = null;
  #giving = false;
  #failing = false;

  constructor({ runDir, log }: { runDir: string; log: Logger }) {
    this.#log = log;
    this.#client = connect(dataplaneContract, { runDir, log });
    const heard = ({ instance }: { instance: string }): void => {
      this.#instance = instance;
    };
    this.#client.subscribe('status', {
      onSnapshot: heard,
      onEvent: heard,
      onDown: () => {
        this.#instance = null;
      },
    });
  }

  /** @param change Another number whenever the routes may be others. Called again and again: what failed is tried anew. */
  give(change: number, routes: () => DelegatedRoute[]): void {
    const instance = this.#instance;
    if (instance === null || this.#giving) return;
    if (this.#given?.change === change && this.#given.instance === instance) return;
    this.#giving = true;
    this.#client
      .request('delegated-routes', { routes: routes() })
      .then(
        (status) => {
          this.#given = { change, instance: status.instance };
          this.#failing = false;
        },
        (error: unknown) => {
          if (!this.#failing)
            this.#log.warn(
              { error: messageOf(error) },
              'the data plane has not taken the routes to delegated prefixes',
            );
          this.#failing = true;
        },
      )
      .finally(() => {
        this.#giving = false;
      });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
