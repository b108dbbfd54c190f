// Who a message is from, and what its place on the network is.
import { formatIp6Number } from '@sluice/shared';
import { OPTION_CLIENT_FQDN6, OPTION_CLIENT_ID6 } from '../wire6/codes.js';
import type { Message6, Relay6 } from '../wire6/message.js';

/** How a message came. */
export interface Arrival6 {
  vrf: string;
  /** The interface that is served and that it came in by; null for others. */
  interface: string | null;
  /** Who sent the datagram: the client itself, or a relay. */
  source: bigint;
  /** The address of the box that it was sent to; 0 for a group. */
  destination: bigint;
}

export interface Client6 {
  /** Its DUID in hexadecimal. */
  duid: string;
  hostName: string;
  /** Its link-local address, as far as its relays say. */
  address: bigint;
  port: string;
}

/** RFC 8415 section 11.1. */
const DUID_MIN = 3;
const DUID_MAX = 130;
/** Octets of a port's name that are kept. */
const PORT_MAX = 64;

/** Null without a DUID, or with one that is none. */
export function clientOf6(
  { options }: Message6,
  relays: readonly Relay6[],
  { source }: Arrival6,
): Client6 | null {
  const duid = options.get(OPTION_CLIENT_ID6);
  if (duid === undefined || duid.length < DUID_MIN || duid.length > DUID_MAX) return null;
  return {
    duid: duid.toString('hex'),
    hostName: hostNameOf(options.get(OPTION_CLIENT_FQDN6)),
    ...placeOf(relays, source),
  };
}

/** Who sent it first, and behind what it is. */
export function placeOf(relays: readonly Relay6[], source: bigint): { address: bigint; port: string } {
  const nearest = relays.at(-1);
  if (nearest === undefined) return { address: source, port: `link ${formatIp6Number(source)}` };
  const port = nearest.interfaceId?.subarray(0, PORT_MAX).toString('hex');
  return {
    address: nearest.peer,
    port: `relay ${formatIp6Number(source)} ${port === undefined ? formatIp6Number(nearest.peer) : `port ${port}`}`,
  };
}

/** RFC 4704 section 4.1: an octet of flags, then a name of RFC 1035; its first label, empty for what is no host's name. */
function hostNameOf(value: Buffer | undefined): string {
  if (value === undefined || value.length < 3) return '';
  const length = value[1]!;
  const label = value.toString('latin1', 2, Math.min(2 + length, value.length));
  return /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(label) ? label : '';
}
