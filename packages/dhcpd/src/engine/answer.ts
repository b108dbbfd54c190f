// Answers: which fields and options a reply has, and where it is sent (RFC 2131 sections 4.1 and 4.3.1).
import { DHCP_FOREVER_S, ip4Mask, networkOf, parseIp4 } from '@sluice/shared';
import {
  ACK,
  BOOTREPLY,
  FLAG_BROADCAST,
  HTYPE_ETHERNET,
  INFORM,
  NAK,
  OPTION_CLIENT_ID,
  OPTION_LEASE_TIME,
  OPTION_MAX_MESSAGE_SIZE,
  OPTION_MESSAGE,
  OPTION_MESSAGE_TYPE,
  OPTION_PARAMETER_LIST,
  OPTION_REBINDING_TIME,
  OPTION_RELAY_AGENT,
  OPTION_RENEWAL_TIME,
  OPTION_ROUTERS,
  OPTION_SERVER_ID,
  OPTION_SUBNET_MASK,
} from '../wire/codes.js';
import type { Message } from '../wire/message.js';
import { encodeU32 } from '../wire/option-values.js';
import { MESSAGE_BYTES_MAX, MESSAGE_BYTES_USUAL, type ReplyFields } from '../wire/reply.js';
import type { Arrival } from './arrival.js';
import type { Given } from './given.js';
import type { Subnet } from './network.js';

export type Destination =
  /** To the relay's server port. */
  | { kind: 'relay'; address: number }
  /** To an address that the client has, by way of routing. */
  | { kind: 'routed'; address: number }
  /** In a frame on the link that it came from: to the client's own MAC address, or to all. */
  | { kind: 'link'; mac: Uint8Array; address: number };

export interface Answer {
  type: number;
  fields: ReplyFields;
  /** Octets of the longest message that the client takes. */
  most: number;
  /** The server identifier, and what the answer comes from. */
  source: number;
  to: Destination;
}

const OPTION_BROADCAST_ADDRESS = 28;
const ALL = 0xffffffff;
type Option = readonly [code: number, value: Uint8Array];

/** Option 53 with each type. */
const TYPES = Array.from(
  { length: INFORM + 1 },
  (_, type): Option => [OPTION_MESSAGE_TYPE, Buffer.from([type])],
);
const BROADCAST_MAC = Buffer.alloc(6, 255);
const IP_UDP_BYTES = 28;

export interface Granted {
  address: number;
  /** Null where the client has its address by other means (INFORM). */
  leaseTimeS: number | null;
  subnet: Subnet;
  given: Given;
}

/** An OFFER or ACK. */
export function grant(
  type: number,
  message: Message,
  arrival: Arrival,
  serverId: number,
  { address, leaseTimeS, subnet, given }: Granted,
): Answer {
  const { boot } = given;
  const informs = leaseTimeS === null;
  const options: Option[] = [TYPES[type]!, serverIdOption(serverId)];
  if (leaseTimeS !== null) for (const option of times(leaseTimeS)) options.push(option);
  echo(message, options);
  for (const option of requested(message, subnet, given)) options.push(option);
  return {
    type,
    most: longest(message),
    source: serverId,
    to: destination(message, arrival, informs ? message.ciaddr : address, type),
    // Field by field: behind a spread, each costs a microsecond.
    fields: {
      op: BOOTREPLY,
      xid: message.xid,
      giaddr: message.giaddr,
      htype: message.htype,
      chaddr: message.chaddr,
      flags: message.flags,
      ciaddr: type === ACK ? message.ciaddr : 0,
      yiaddr: informs ? 0 : address,
      siaddr: boot.next_server === undefined ? 0 : (parseIp4(boot.next_server) ?? 0),
      serverName: boot.server_name ?? '',
      file: boot.file ?? '',
      options,
    },
  };
}

/** A NAK, with the reason for people (RFC 2132 section 9.9). */
export function refuse(message: Message, arrival: Arrival, serverId: number, reason: string): Answer {
  const options: Option[] = [
    TYPES[NAK]!,
    serverIdOption(serverId),
    [OPTION_MESSAGE, Buffer.from(reason, 'latin1')],
  ];
  echo(message, options);
  return {
    type: NAK,
    most: longest(message),
    source: serverId,
    to: destination(message, arrival, 0, NAK),
    fields: {
      op: BOOTREPLY,
      xid: message.xid,
      giaddr: message.giaddr,
      htype: message.htype,
      chaddr: message.chaddr,
      // RFC 2131 section 4.3.2: so that the relay broadcasts it, to a client whose address may be wrong.
      flags: message.giaddr === 0 ? message.flags : message.flags | FLAG_BROADCAST,
      ciaddr: 0,
      yiaddr: 0,
      siaddr: 0,
      serverName: '',
      file: '',
      options,
    },
  };
}

function serverIdOption(address: number): Option {
  let option = SERVER_IDS.get(address);
  if (option === undefined) {
    if (SERVER_IDS.size >= REMEMBERED) SERVER_IDS.clear();
    option = [OPTION_SERVER_ID, encodeU32(address)];
    SERVER_IDS.set(address, option);
  }
  return option;
}

const ECHOED = [OPTION_CLIENT_ID, OPTION_RELAY_AGENT];

/** RFC 6842: the client's identifier; RFC 3046 section 2.2: what the relay added, as it was. */
function echo({ options: received }: Message, options: Option[]): void {
  for (const code of ECHOED) {
    const value = received.get(code);
    if (value !== undefined) options.push([code, value]);
  }
}

/** Clients mostly ask for the same: lease times, and lists of options of one network, that are kept encoded. */
const REMEMBERED = 256;
const SERVER_IDS = new Map<number, Option>();
const TIMES = new Map<number, readonly Option[]>();

/** RFC 2131 section 4.4.5: renewed at half of the time, by anybody at seven eighths. */
function times(seconds: number): readonly Option[] {
  let options = TIMES.get(seconds);
  if (options === undefined) {
    if (TIMES.size >= REMEMBERED) TIMES.clear();
    options = encodeTimes(seconds);
    TIMES.set(seconds, options);
  }
  return options;
}

function encodeTimes(seconds: number): Option[] {
  const lease: Option = [OPTION_LEASE_TIME, encodeU32(seconds)];
  if (seconds === DHCP_FOREVER_S) return [lease];
  return [
    lease,
    [OPTION_RENEWAL_TIME, encodeU32(Math.floor(seconds / 2))],
    [OPTION_REBINDING_TIME, encodeU32(Math.floor((seconds / 8) * 7))],
  ];
}

/** The mask always; others in the order in which the client asks for them, or all when it does not say. */
function requested(message: Message, subnet: Subnet, given: Given): readonly Option[] {
  const list = message.options.get(OPTION_PARAMETER_LIST);
  let lists = REQUESTED.get(given)?.get(subnet);
  if (lists === undefined) {
    lists = new Map();
    const subnets = REQUESTED.get(given) ?? new WeakMap<Subnet, OptionLists>();
    REQUESTED.set(given, subnets.set(subnet, lists));
  }
  const key = list?.toString('latin1') ?? null;
  let options = lists.get(key);
  if (options === undefined) {
    if (lists.size >= REMEMBERED) lists.clear();
    options = encodeRequested(list, subnet, given);
    lists.set(key, options);
  }
  return options;
}

/** By the octets of option 55; null for clients that send none. */
type OptionLists = Map<string | null, readonly Option[]>;
const REQUESTED = new WeakMap<Given, WeakMap<Subnet, OptionLists>>();

function encodeRequested(list: Buffer | undefined, subnet: Subnet, given: Given): Option[] {
  const { prefix, own } = subnet;
  const mask = ip4Mask(prefix.length);
  const value = (code: number): Buffer | undefined => {
    const configured = given.options.get(code);
    if (configured !== undefined) return configured;
    if (code === OPTION_ROUTERS && own !== null) return encodeU32(own);
    return code === OPTION_BROADCAST_ADDRESS && prefix.length < 31
      ? encodeU32((networkOf(prefix) | ~mask) >>> 0)
      : undefined;
  };
  const codes = new Set(list ?? [OPTION_ROUTERS, ...given.options.keys()]);
  const options: Option[] = [[OPTION_SUBNET_MASK, encodeU32(mask)]];
  for (const code of codes) {
    if (code === OPTION_SUBNET_MASK || ANSWERED.has(code)) continue;
    const encoded = value(code);
    if (encoded !== undefined && encoded.length > 0) options.push([code, encoded]);
  }
  return options;
}

/** What the server says itself, whatever a configuration has by code. */
const ANSWERED = new Set([
  OPTION_MESSAGE_TYPE,
  OPTION_SERVER_ID,
  OPTION_LEASE_TIME,
  OPTION_RENEWAL_TIME,
  OPTION_REBINDING_TIME,
  OPTION_CLIENT_ID,
  OPTION_RELAY_AGENT,
]);

/** RFC 2132 section 9.10: the datagram that the client takes; at least 576 octets. */
function longest({ options }: Message): number {
  const value = options.get(OPTION_MAX_MESSAGE_SIZE);
  const asked = value?.length === 2 ? value.readUInt16BE(0) - IP_UDP_BYTES : 0;
  return Math.min(MESSAGE_BYTES_MAX, Math.max(MESSAGE_BYTES_USUAL, asked));
}

function destination(message: Message, arrival: Arrival, address: number, type: number): Destination {
  const { giaddr, ciaddr, flags, htype, chaddr } = message;
  if (giaddr !== 0) return { kind: 'relay', address: giaddr };
  if (arrival.sourceMac === null) {
    // A NAK cannot be broadcast to who is behind a router; its address is all that there is.
    return { kind: 'routed', address: ciaddr === 0 ? arrival.source : ciaddr };
  }
  const ethernet = htype === HTYPE_ETHERNET;
  if (type === NAK || !ethernet) return { kind: 'link', mac: BROADCAST_MAC, address: ALL };
  if (ciaddr !== 0) return { kind: 'link', mac: chaddr, address: ciaddr };
  if (flags & FLAG_BROADCAST) return { kind: 'link', mac: BROADCAST_MAC, address: ALL };
  return { kind: 'link', mac: chaddr, address };
}
