// What is counted of DHCPv6, by name and meaning; each message that is not answered ends under exactly one that drops.
import { Counters } from '../engine/counters.js';

const MEANINGS = {
  dhcp6_solicit: [false, 'SOLICIT received'],
  dhcp6_request: [false, 'REQUEST received'],
  dhcp6_confirm: [false, 'CONFIRM received: has a client come back to the same link?'],
  dhcp6_renew: [false, 'RENEW received'],
  dhcp6_rebind: [false, 'REBIND received'],
  dhcp6_release: [false, 'RELEASE received'],
  dhcp6_decline: [false, 'DECLINE received: a client found its address in use'],
  dhcp6_information: [false, 'INFORMATION-REQUEST received'],
  dhcp6_advertise: [false, 'ADVERTISE sent'],
  dhcp6_reply: [false, 'REPLY sent'],
  dhcp6_unicast_refused: [
    false,
    'REPLY sent that asks for multicast: the client wrote to an address of the box',
  ],
  dhcp6_no_address: [
    false,
    'associations that were answered without an address or prefix: none is free, or a limit is reached',
  ],
  dhcp6_no_binding: [false, 'associations that nobody here knows of'],
  dhcp6_malformed: [
    true,
    'not a message of DHCPv6: cut short, lengths that do not fit, too many options or relays',
  ],
  dhcp6_unknown_type: [true, 'a message type that clients do not send'],
  dhcp6_no_client_id: [true, 'a message without the DUID that it must have'],
  dhcp6_server_id: [true, "a server's DUID where there must be none, or none where there must be one"],
  dhcp6_other_server: [true, "a message for another server's lease"],
  dhcp6_by_unicast: [true, 'written to an address of the box, and only allowed to the group'],
  dhcp6_not_link_local: [true, 'from an address that is not of the link'],
  dhcp6_with_associations: [true, 'an INFORMATION-REQUEST that asks for addresses'],
  dhcp6_nothing_to_confirm: [true, 'a CONFIRM without addresses, or about a link that has no prefix here'],
  dhcp6_too_many: [true, 'asks for more addresses and prefixes than any client needs'],
  dhcp6_no_network: [true, 'no server of the configuration is for that network'],
  dhcp6_relay_refused: [true, 'a relay that may not ask'],
  dhcp6_over_rate: [true, 'more messages a second than the network may send'],
  dhcp6_client_over_rate: [true, 'more messages a second than one client may send'],
  dhcp6_not_written: [true, 'answers withheld because the lease could not be written to the disk'],
  dhcp6_not_sent: [true, 'answers that Linux did not send'],
} as const satisfies Record<string, readonly [boolean, string]>;

export type CounterName6 = keyof typeof MEANINGS;

export function counters6(): Counters<CounterName6> {
  return new Counters(MEANINGS);
}
