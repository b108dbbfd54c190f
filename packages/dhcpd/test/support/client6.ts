// A DHCPv6 client's messages, built octet by octet as a client would, and answers read into words.
import { ip6Number, parseIp6, parseIp6Prefix } from '@sluice/shared';
import { textOf } from '../../src/engine6/lease6.js';
import { associationsOf } from '../../src/wire6/associations.js';
import * as codes from '../../src/wire6/codes.js';
import { type Message6, parseMessage6, type Received6 } from '../../src/wire6/message.js';
import { address6, Options6, option6, words32 } from '../../src/wire6/options.js';

export interface Wish {
  kind: 'na' | 'ta' | 'pd';
  iaid?: number;
  /** `2001:db8::5`, `2001:db8:1::/56`, `::/60` for a length alone. */
  has?: string[];
}

export interface ClientMessage6 {
  type: number;
  duid?: string;
  serverId?: Uint8Array;
  wants?: Wish[];
  asks?: number[];
  more?: Uint8Array[];
}

export const DUID = '00030001020000000001';
export const TRANSACTION = Buffer.from('a1b2c3', 'hex');

export function bytes6({ type, duid = DUID, serverId, wants = [], asks, more = [] }: ClientMessage6): Buffer {
  const options: Uint8Array[] = [];
  if (duid !== '') options.push(option6(codes.OPTION_CLIENT_ID6, Buffer.from(duid, 'hex')));
  if (serverId !== undefined) options.push(option6(codes.OPTION_SERVER_ID6, serverId));
  if (asks !== undefined)
    options.push(
      option6(
        codes.OPTION_REQUESTED,
        Buffer.concat(asks.map((code) => Buffer.from([code >>> 8, code & 255]))),
      ),
    );
  options.push(...wants.map(association), ...more);
  return Buffer.concat([Buffer.from([type]), TRANSACTION, ...options]);
}

function association({ kind, iaid = 1, has = [] }: Wish): Buffer {
  const code = { na: codes.OPTION_IA_NA, ta: codes.OPTION_IA_TA, pd: codes.OPTION_IA_PD }[kind];
  const header = kind === 'ta' ? words32(iaid) : words32(iaid, 0, 0);
  return option6(code, header, ...has.map((text) => resource(kind, text)));
}

function resource(kind: Wish['kind'], text: string): Buffer {
  if (kind !== 'pd') return option6(codes.OPTION_IA_ADDRESS, octets(text), words32(0, 0));
  const { address, length } = parseIp6Prefix(text)!;
  return option6(codes.OPTION_IA_PREFIX, words32(0, 0), Buffer.from([length]), address6(ip6Number(address)));
}

export const octets = (text: string): Buffer => address6(ip6Number(parseIp6(text)!));

/** In a RELAY-FORW. */
export function relayed(inner: Uint8Array, link: string, peer: string, port?: string, hops = 0): Buffer {
  const name = port === undefined ? [] : [option6(codes.OPTION_INTERFACE_ID, Buffer.from(port))];
  const head = Buffer.from([codes.RELAY_FORW, hops]);
  return Buffer.concat([
    head,
    octets(link),
    octets(peer),
    ...name,
    option6(codes.OPTION_RELAY_MESSAGE, inner),
  ]);
}

export function received6(message: ClientMessage6): Received6 {
  return parseMessage6(bytes6(message))!;
}

const NAMES: Record<number, string> = { [codes.ADVERTISE]: 'advertise', [codes.REPLY]: 'reply' };

/** `reply na 2001:db8::5, pd none 6`: what it grants, or the status of an association; `!` for what is withdrawn. */
export function words6(payload: Buffer): string {
  const message = answerOf(payload);
  const status = statusOf(message.options);
  const parts = (['na', 'pd', 'ta'] as const).flatMap((kind) =>
    message.options
      .all({ na: codes.OPTION_IA_NA, pd: codes.OPTION_IA_PD, ta: codes.OPTION_IA_TA }[kind])
      .map((value) => associationWords(kind, value)),
  );
  return [`${NAMES[message.type]}${status === null ? '' : ` ${status}`}`, ...parts].join(', ');
}

/** Of an answer that went through relays, the innermost. */
export function answerOf(payload: Buffer): Message6 {
  let inner = payload;
  while (inner[0] === codes.RELAY_REPL) inner = Options6.parse(inner, 34)!.get(codes.OPTION_RELAY_MESSAGE)!;
  return { type: inner[0]!, transaction: inner.subarray(1, 4), options: Options6.parse(inner, 4)! };
}

function statusOf(options: Options6): number | null {
  return options.get(codes.OPTION_STATUS)?.readUInt16BE(0) ?? null;
}

function associationWords(kind: Wish['kind'], value: Buffer): string {
  const options = Options6.parse(value, kind === 'ta' ? 4 : 12)!;
  const code = kind === 'pd' ? codes.OPTION_IA_PREFIX : codes.OPTION_IA_ADDRESS;
  const wrapped = Options6.parse(
    option6({ na: codes.OPTION_IA_NA, ta: codes.OPTION_IA_TA, pd: codes.OPTION_IA_PD }[kind], value),
  )!;
  const [read] = associationsOf({ type: 0, transaction: TRANSACTION, options: wrapped })!;
  const granted = options.all(code).map((part, i) => {
    const valid = part.readUInt32BE(kind === 'pd' ? 4 : 20);
    return `${valid === 0 ? '!' : ''}${textOf(read!.resources[i]!)}`;
  });
  const status = statusOf(options);
  return [kind, ...(status === null ? [] : [`status ${status}`]), ...granted].join(' ');
}
