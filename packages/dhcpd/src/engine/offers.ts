// Addresses that were offered and not yet asked for: they are held for a while, so that nobody else is offered them.

import { count } from './places.js';

export interface Offer {
  address: number;
  client: string;
  port: string;
  member: string;
  expiresMs: number;
}

/** A client that got an offer asks for it within seconds (RFC 2131 section 4.4.1); slow ones begin anew after that. */
export const OFFER_HOLD_MS = 30_000;

export class Offers {
  /** In the order in which they end, because all are held equally long. */
  readonly #byAddress = new Map<number, Offer>();
  readonly #byClient = new Map<string, Offer>();
  readonly #places = new Map<string, number>();

  get(address: number): Offer | undefined {
    return this.#byAddress.get(address);
  }

  ofClient(client: string): Offer | undefined {
    return this.#byClient.get(client);
  }

  /** @param place An offer's port or member. */
  at(place: string): number {
    return this.#places.get(place) ?? 0;
  }

  put(offer: Offer): void {
    this.#byAddress.set(offer.address, offer);
    this.#byClient.set(offer.client, offer);
    count(this.#places, offer, 1);
  }

  remove(offer: Offer): void {
    if (this.#byAddress.get(offer.address) !== offer) return;
    this.#byAddress.delete(offer.address);
    if (this.#byClient.get(offer.client) === offer) this.#byClient.delete(offer.client);
    count(this.#places, offer, -1);
  }

  /** Removes and returns those whose time is over. */
  lapsed(nowMs: number): Offer[] {
    const lapsed: Offer[] = [];
    for (const offer of this.#byAddress.values()) {
      if (offer.expiresMs > nowMs) break;
      lapsed.push(offer);
    }
    for (const offer of lapsed) this.remove(offer);
    return lapsed;
  }
}
