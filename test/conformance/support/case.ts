// A conformance case: packets in, packets out, counters moved.
import type { SaFields } from './sa.js';
import type { Setting } from './setting.js';

/** A packet from a port to the gateway, as a scapy expression; a link header is put before what has none. */
export interface SentPacket {
  port: string;
  packet: string;
  /** How often; once unless told. */
  times?: number;
  /** The expression is a list, of which these are sent in this order: pieces of one packet whose octets are random. */
  pieces?: readonly number[];
}

/**
 * A packet that must come out at a port, in order with the others of that port, equal octet by octet. At `a|b` it may
 * come out at either, in any order, but all `times` of it at the same one.
 */
export interface ExpectedPacket extends SentPacket {
  /** Fields that the gateway may choose, not asserted, as `IP.id`; checksums over them still are. */
  free?: readonly string[];
  /** It may come before or after others of its port. */
  unordered?: boolean;
  /** It may come up to so many times; `times` unless told. */
  atMost?: number;
}

/** What is hidden from a case unless it watches it; see ../wire/background.py. */
export type Background = 'arp' | 'nd' | 'probes' | 'announcements' | 'all-nodes';

/** How far each counter moves: `ip4-input/bad_checksum`, or `lan.drops` of an interface's own. */
export type Moved = Record<string, number>;

/** The same with bounds, where rates decide. */
export type Named = Record<string, number | readonly [min: number, max: number]>;

export interface Step {
  send: readonly SentPacket[];
  /** What comes out; nothing else may. None unless told. */
  expect?: readonly ExpectedPacket[];
  /** Waits, before the next one, for what the control side makes of it in its own time. */
  settled?: (setting: Setting) => Promise<void>;
}

export interface Case {
  name: string;
  /** Runs first: a change of configuration, an SA to install. What it moves is not counted. */
  before?: (setting: Setting) => Promise<void>;
  after?: (setting: Setting) => Promise<void>;
  /** SAs of the topology's tunnels by name, installed before and removed after; see Topology.sas. */
  sas?: Record<string, SaFields>;
  /** One step's packets, */
  send?: readonly SentPacket[];
  expect?: readonly ExpectedPacket[];
  /** or several steps: the next one starts when nothing more comes of the one before. */
  steps?: readonly Step[];
  watch?: readonly Background[];
  /** Every counter that moves, by how much. Those that are not named must not move. */
  counters?: Named;
  /** Counters that may move or not, as it happens. */
  may?: readonly string[];
}

/** Says where packets are sent from, or come out: `at('lan', "IP(…)")`. */
export function at(
  port: string,
  packet: string,
  more: Omit<ExpectedPacket, 'port' | 'packet'> = {},
): ExpectedPacket {
  return { port, packet, ...more };
}

/** A function for one port: `const lan = portOf('lan')`, then `lan("IP(…)")`. */
export function portOf(
  port: string,
): (packet: string, more?: Omit<ExpectedPacket, 'port' | 'packet'>) => ExpectedPacket {
  return (packet, more) => at(port, packet, more);
}
