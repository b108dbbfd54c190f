// What workers tell the control side of neighbours: records of RECORD_WORDS words (workers/shared-memory.ts).
//
//   word 0      kind << 16 | interface
//   words 1–4   the address: IPv4 in the first, IPv6 in all, the most significant first
//   word 5      HEARD_… << 16 | the MAC address's first two octets
//   word 6      its last four octets; both as tables/interfaces.ts has them

/** The address is IPv6. */
export const HEARD_IP6 = 1;
/** An advertisement (an ARP reply or announcement, an NA): about itself, to whoever knows it. Else it speaks to the box. */
export const HEARD_ADVERTISEMENT = 2;
/** The answer to a question of the box: the way there and back works. */
export const HEARD_SOLICITED = 4;
/** Its MAC address replaces another. */
export const HEARD_OVERRIDE = 8;
/** It says that it is a router, or by speaking so that it is none. */
export const HEARD_ROUTER = 16;
export const HEARD_HOST = 32;
/** It names no MAC address. */
export const HEARD_NO_MAC = 64;

/** How ARP says the same: a request to the box, a reply to it, an announcement to everyone. */
export const HEARD_ARP_REQUEST = 0;
export const HEARD_ARP_REPLY = HEARD_ADVERTISEMENT | HEARD_SOLICITED | HEARD_OVERRIDE;
export const HEARD_ARP_ANNOUNCEMENT = HEARD_ADVERTISEMENT | HEARD_OVERRIDE;
