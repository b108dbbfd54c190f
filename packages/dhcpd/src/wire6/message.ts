// Messages of DHCPv6, and the relays that brought them (RFC 8415 sections 8 and 9).
import { HOP_LIMIT, OPTION_INTERFACE_ID, OPTION_RELAY_MESSAGE, RELAY_FORW, RELAY_REPL } from './codes.js';
import { address6, Options6, option6, readAddress } from './options.js';

export interface Message6 {
  type: number;
  /** Three octets. */
  transaction: Buffer;
  options: Options6;
}

/** A relay, as its RELAY-FORW says. */
export interface Relay6 {
  hops: number;
  /** The link that it has its message from; 0 where it does not say. */
  link: bigint;
  peer: bigint;
  /** Which port of it: echoed. */
  interfaceId: Buffer | null;
}

export interface Received6 {
  /** The one that is nearest to the server first; none of a client on the link. */
  relays: Relay6[];
  message: Message6;
}

const HEADER_BYTES = 4;
const RELAY_BYTES = 34;
const AT_LINK = 2;
const AT_PEER = 18;

/** Null for what is no message. */
export function parseMessage6(bytes: Buffer): Received6 | null {
  const relays: Relay6[] = [];
  let inner = bytes;
  while (inner[0] === RELAY_FORW) {
    if (inner.length < RELAY_BYTES || relays.length > HOP_LIMIT) return null;
    const options = Options6.parse(inner, RELAY_BYTES);
    const relayed = options?.get(OPTION_RELAY_MESSAGE);
    if (relayed === undefined) return null;
    relays.push({
      hops: inner[1]!,
      link: readAddress(inner, AT_LINK),
      peer: readAddress(inner, AT_PEER),
      interfaceId: options?.get(OPTION_INTERFACE_ID) ?? null,
    });
    inner = relayed;
  }
  if (inner.length < HEADER_BYTES || inner[0] === RELAY_REPL) return null;
  const options = Options6.parse(inner, HEADER_BYTES);
  if (options === null) return null;
  return { relays, message: { type: inner[0]!, transaction: inner.subarray(1, HEADER_BYTES), options } };
}

/** An answer, in as many RELAY-REPL as relays brought the question. */
export function buildMessage6(
  type: number,
  transaction: Uint8Array,
  options: readonly Uint8Array[],
  relays: readonly Relay6[],
): Buffer {
  let bytes = Buffer.concat([Buffer.from([type]), transaction, ...options]);
  for (const { hops, link, peer, interfaceId } of [...relays].reverse()) {
    const parts = [Buffer.from([RELAY_REPL, hops]), address6(link), address6(peer)];
    if (interfaceId !== null) parts.push(option6(OPTION_INTERFACE_ID, interfaceId));
    bytes = Buffer.concat([...parts, option6(OPTION_RELAY_MESSAGE, bytes)]);
  }
  return bytes;
}
