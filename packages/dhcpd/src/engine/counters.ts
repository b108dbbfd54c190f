// What is counted, by name and meaning; each message that is not answered ends under exactly one that drops.
import type { DhcpCounter } from '@sluice/shared';

export type Meanings<Name extends string> = Readonly<Record<Name, readonly [drop: boolean, help: string]>>;

export const MEANINGS4 = {
  discover: [false, 'DISCOVER received'],
  request: [false, 'REQUEST received'],
  decline: [false, 'DECLINE received: a client found its address in use'],
  release: [false, 'RELEASE received'],
  inform: [false, 'INFORM received'],
  offer: [false, 'OFFER sent'],
  ack: [false, 'ACK sent'],
  nak: [false, 'NAK sent'],
  conflict: [false, 'addresses that a stranger answered for before they were offered'],
  options_left_out: [false, 'answers without some options, because the client takes no longer message'],
  not_probed: [false, 'addresses that were offered without asking, because too many were being asked about'],
  other_server_heard: [false, "another server's message on a network that is served"],
  malformed: [true, 'not a message of DHCP: cut short, no cookie, lengths that do not fit'],
  not_a_request: [true, "another server's or relay's message"],
  bootp: [true, 'BOOTP without DHCP: no message type'],
  unknown_type: [true, 'a message type that clients do not send'],
  no_network: [true, 'no server of the configuration is for that network'],
  relay_refused: [true, 'a relay that may not ask'],
  overloaded: [true, 'DISCOVERs left out because more came at once than can be answered'],
  over_rate: [true, 'more messages a second than the network may send'],
  client_over_rate: [true, 'more messages a second than one client may send'],
  member_over_rate: [true, 'more messages a second than one member of a bridge may send'],
  place_full: [true, 'too many addresses behind one MAC address or port'],
  port_full: [true, 'too many addresses behind one member of a bridge (limits.per_port)'],
  no_free_address: [true, 'no address is free for the client'],
  still_probed: [true, 'the client asked again while its address was being asked about'],
  other_server_chosen: [true, "a REQUEST for another server's offer"],
  not_ours: [true, 'a RELEASE, DECLINE or REQUEST for a lease that the client does not have here'],
  unknown_lease: [true, 'a REQUEST for a lease that nobody here knows of: silence, unless authoritative'],
  settled: [true, 'a RELEASE or DECLINE, which have no answer'],
  no_address_of_its_own: [true, 'an INFORM without an address to answer to'],
  not_written: [true, 'answers withheld because the lease could not be written to the disk'],
  not_sent: [true, 'answers that Linux did not send'],
} as const satisfies Record<string, readonly [boolean, string]>;

export type CounterName = keyof typeof MEANINGS4;

export class Counters<Name extends string = CounterName> {
  readonly #counts = new Map<Name, number>();

  constructor(private readonly meanings: Meanings<Name>) {}

  add(name: Name): void {
    this.#counts.set(name, this.get(name) + 1);
  }

  get(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  report(): DhcpCounter[] {
    return (Object.keys(this.meanings) as Name[]).map((name) => {
      const [drop, help] = this.meanings[name];
      return { name, drop, help, count: this.get(name) };
    });
  }
}
