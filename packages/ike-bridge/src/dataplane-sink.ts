// The data plane, as the SAD wants to see it.
import {
  type ActorClient,
  ActorError,
  type AssignedAddresses,
  type dataplaneContract,
  type RequestInputOf,
  type SaCounters,
  type SaKey,
  type SaSpec,
} from '@sluice/shared';
import { type SaFigures, type SaSink, SinkUnavailable } from './xfrm/index.js';

type Requests = typeof dataplaneContract;
type Name = 'sa-install' | 'sa-remove' | 'sa-counters' | 'sa-dump' | 'show-sa' | 'assign-addresses';

export class DataplaneSink implements SaSink {
  /** Whether the data plane answers; its owner watches it and says so. charon is not kept waiting while it does not. */
  available = false;
  readonly #client: ActorClient<Requests>;

  constructor(client: ActorClient<Requests>) {
    this.#client = client;
  }

  async install(spec: SaSpec): Promise<void> {
    await this.#ask('sa-install', spec);
  }

  async remove(key: SaKey): Promise<SaCounters | null> {
    return (await this.#ask('sa-remove', key)).counters;
  }

  async counters(key: SaKey): Promise<SaCounters | null> {
    return (await this.#ask('sa-counters', key)).counters;
  }

  async poll(): Promise<SaFigures[]> {
    const { sas } = await this.#ask('show-sa', {});
    return sas.map(({ dst, spi, counters }) => ({ dst, spi, counters }));
  }

  async dump(): Promise<{ spec: SaSpec; counters: SaCounters }[]> {
    return (await this.#ask('sa-dump', {})).sas;
  }

  async assign(tunnels: AssignedAddresses): Promise<void> {
    await this.#ask('assign-addresses', { tunnels });
  }

  async #ask<K extends Name>(name: K, body: RequestInputOf<Requests, K>) {
    if (!this.available) throw new SinkUnavailable('the data plane is not running');
    try {
      return await this.#client.request(name, body);
    } catch (error) {
      // `failed` and `invalid` are answers; the others mean that nobody was there, or had no time.
      const answered = error instanceof ActorError && ['failed', 'invalid'].includes(error.code);
      if (answered) throw error;
      throw new SinkUnavailable((error as Error).message, { cause: error });
    }
  }
}
