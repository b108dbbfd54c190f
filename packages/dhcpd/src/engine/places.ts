// How many addresses are at each place on the network: behind a port or MAC address, and behind a bridge's member.

/** What takes an address; empty texts are no place. */
export interface Placed {
  port: string;
  member?: string;
}

/** Adds to what is at both places, and forgets those where nothing is left. */
export function count(places: Map<string, number>, { port, member = '' }: Placed, by: 1 | -1): void {
  add(places, port, by);
  add(places, member, by);
}

function add(places: Map<string, number>, place: string, by: number): void {
  if (place === '') return;
  const now = (places.get(place) ?? 0) + by;
  if (now > 0) places.set(place, now);
  else places.delete(place);
}
