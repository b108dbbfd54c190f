// What records look like (RFC 7011 section 3.4), and how a row of the flow table becomes one.
//
// IPv4 and IPv6 each have a template for ICMP, whose type and code are an element of their own, and one for all else. They
// differ in addresses and in what stands for ports; the rest is the same, in the same order.
import {
  FLOW_ADDRESSES,
  FLOW_DOUBLES,
  FLOW_EGRESS,
  FLOW_FIRST_MS,
  FLOW_IP6,
  FLOW_KIND,
  FLOW_LAST_MS,
  FLOW_OCTETS,
  FLOW_PACKETS,
  FLOW_PORTS,
  FLOW_TCP_FLAGS,
  FLOW_WHERE,
  FLOW_WORDS,
  type FlowTable,
} from '../../tables/flows.js';
import { PROTOCOL_ICMP } from '../../wire/ip4.js';
import { PROTOCOL_ICMP6 } from '../../wire/ip6.js';
import { type IpfixMessage, SET_OPTIONS_TEMPLATES, SET_TEMPLATES } from './ipfix-message.js';

/** IANA's "IPFIX Information Elements": number, octets; 65,535 for one whose length stands before it. */
type Element = readonly [number: number, octets: number];

const OCTET_DELTA_COUNT: Element = [1, 8];
const PACKET_DELTA_COUNT: Element = [2, 8];
const PROTOCOL_IDENTIFIER: Element = [4, 1];
const IP_CLASS_OF_SERVICE: Element = [5, 1];
const TCP_CONTROL_BITS: Element = [6, 2];
const SOURCE_PORT: Element = [7, 2];
const SOURCE_IPV4: Element = [8, 4];
const INGRESS_INTERFACE: Element = [10, 4];
const DESTINATION_PORT: Element = [11, 2];
const DESTINATION_IPV4: Element = [12, 4];
const EGRESS_INTERFACE: Element = [14, 4];
const SOURCE_IPV6: Element = [27, 16];
const DESTINATION_IPV6: Element = [28, 16];
const INTERFACE_NAME: Element = [82, 0xffff];
const ICMP_TYPE_CODE_IPV4: Element = [32, 2];
const FLOW_END_REASON: Element = [136, 1];
const ICMP_TYPE_CODE_IPV6: Element = [139, 2];
const FLOW_START_MILLISECONDS: Element = [152, 8];
const FLOW_END_MILLISECONDS: Element = [153, 8];
const INGRESS_VRF_ID: Element = [234, 4];
const SELECTOR_ID: Element = [302, 8];
const SELECTOR_ALGORITHM: Element = [304, 2];
const SAMPLING_PACKET_INTERVAL: Element = [305, 4];
const SAMPLING_PACKET_SPACE: Element = [306, 4];

/** IANA's "Packet Sampling (PSAMP) Selection Methods": systematic count-based sampling (RFC 5475 section 5.1). */
const SYSTEMATIC_COUNT_BASED = 1;
/** There is one. */
const SELECTOR = 1;

const COMMON: readonly Element[] = [
  PROTOCOL_IDENTIFIER,
  IP_CLASS_OF_SERVICE,
  TCP_CONTROL_BITS,
  FLOW_END_REASON,
  INGRESS_INTERFACE,
  EGRESS_INTERFACE,
  INGRESS_VRF_ID,
  OCTET_DELTA_COUNT,
  PACKET_DELTA_COUNT,
  FLOW_START_MILLISECONDS,
  FLOW_END_MILLISECONDS,
];
const PORTS: readonly Element[] = [SOURCE_PORT, DESTINATION_PORT];
const ADDRESSES4: readonly Element[] = [SOURCE_IPV4, DESTINATION_IPV4];
const ADDRESSES6: readonly Element[] = [SOURCE_IPV6, DESTINATION_IPV6];

interface Template {
  id: number;
  elements: readonly Element[];
  octets: number;
  isIcmp: boolean;
  /** Words of both addresses. */
  words: number;
}

function template(id: number, words: number, isIcmp: boolean, ...own: (readonly Element[])[]): Template {
  const elements = [...own.flat(), ...COMMON];
  return { id, elements, octets: sum(elements), isIcmp, words };
}

const IP4 = template(256, 2, false, ADDRESSES4, PORTS);
const IP6 = template(257, 8, false, ADDRESSES6, PORTS);
const ICMP4 = template(258, 2, true, ADDRESSES4, [ICMP_TYPE_CODE_IPV4]);
const ICMP6 = template(259, 8, true, ADDRESSES6, [ICMP_TYPE_CODE_IPV6]);
const TEMPLATES = [IP4, IP6, ICMP4, ICMP6];

/** Of the record that tells how packets are chosen: a selector report (RFC 5476 section 6.5.2), whose scope is the selector. */
const SAMPLING_ID = 260;
const SAMPLING: readonly Element[] = [
  SELECTOR_ID,
  SELECTOR_ALGORITHM,
  SAMPLING_PACKET_INTERVAL,
  SAMPLING_PACKET_SPACE,
];

/** Of the records that tell what interfaces are called; their scope is the number that flows have. */
const NAMES_ID = 261;
const NAMES: readonly Element[] = [INGRESS_INTERFACE, INTERFACE_NAME];

/** Writes all templates, and where 1 of `sampling` packets is metered a record that says so. They fit one message. */
export function addTemplates(message: IpfixMessage, sampling: number): void {
  const { view } = message;
  for (const { id, elements } of TEMPLATES) {
    const at = message.add(SET_TEMPLATES, 4 + 4 * elements.length);
    view.setUint16(at, id);
    view.setUint16(at + 2, elements.length);
    putElements(view, at + 4, elements);
  }
  addOptionsTemplate(message, NAMES_ID, NAMES);
  if (sampling <= 1) return;
  addOptionsTemplate(message, SAMPLING_ID, SAMPLING);
  const record = message.add(SAMPLING_ID, sum(SAMPLING));
  putUnsigned64(view, record, SELECTOR);
  view.setUint16(record + 8, SYSTEMATIC_COUNT_BASED);
  view.setUint32(record + 10, 1);
  view.setUint32(record + 14, sampling - 1);
}

/** Writes what an interface is called; false when the message has no room for it. */
export function addInterfaceName(message: IpfixMessage, row: number, name: string): boolean {
  // Names are of a few ASCII characters, as Linux has them: a length of one octet.
  const at = message.add(NAMES_ID, 5 + name.length);
  if (at < 0) return false;
  message.view.setUint32(at, row);
  message.view.setUint8(at + 4, name.length);
  for (let i = 0; i < name.length; i++) message.view.setUint8(at + 5 + i, name.charCodeAt(i));
  return true;
}

/** Writes the record of a row; false when the message has no room for it. */
export function addFlow(message: IpfixMessage, table: FlowTable, slot: number, reason: number): boolean {
  const { words, doubles } = table;
  const row = slot * FLOW_WORDS;
  const kind = words[row + FLOW_KIND]!;
  const { id, octets, words: count, isIcmp } = templateOf(kind);
  let at = message.add(id, octets);
  if (at < 0) return false;
  const { view } = message;
  // As they were in the packet: the table has them as little-endian loads found them.
  for (let i = 0; i < count; i++, at += 4) view.setInt32(at, words[row + FLOW_ADDRESSES + i]!, true);
  const ports = words[row + FLOW_PORTS]!;
  if (isIcmp) {
    view.setUint16(at, ports >>> 16);
    at += 2;
  } else {
    view.setInt32(at, ports);
    at += 4;
  }
  const where = words[row + FLOW_WHERE]!;
  view.setUint8(at, kind & 0xff);
  view.setUint8(at + 1, (kind >>> 8) & 0xff);
  view.setUint16(at + 2, words[row + FLOW_TCP_FLAGS]!);
  view.setUint8(at + 4, reason);
  view.setUint32(at + 5, where & 0xffff);
  view.setUint32(at + 9, words[row + FLOW_EGRESS]!);
  view.setUint32(at + 13, where >>> 16);
  const figures = slot * FLOW_DOUBLES;
  putUnsigned64(view, at + 17, doubles[figures + FLOW_OCTETS]!);
  putUnsigned64(view, at + 25, doubles[figures + FLOW_PACKETS]!);
  putUnsigned64(view, at + 33, doubles[figures + FLOW_FIRST_MS]!);
  putUnsigned64(view, at + 41, doubles[figures + FLOW_LAST_MS]!);
  return true;
}

/** The first of the elements is the scope. */
function addOptionsTemplate(message: IpfixMessage, id: number, elements: readonly Element[]): void {
  const { view } = message;
  const at = message.add(SET_OPTIONS_TEMPLATES, 6 + 4 * elements.length);
  view.setUint16(at, id);
  view.setUint16(at + 2, elements.length);
  view.setUint16(at + 4, 1);
  putElements(view, at + 6, elements);
}

function templateOf(kind: number): Template {
  const protocol = kind & 0xff;
  if (kind & FLOW_IP6) return protocol === PROTOCOL_ICMP6 ? ICMP6 : IP6;
  return protocol === PROTOCOL_ICMP ? ICMP4 : IP4;
}

function sum(elements: readonly Element[]): number {
  return elements.reduce((total, [, octets]) => total + octets, 0);
}

function putElements(view: DataView, start: number, elements: readonly Element[]): void {
  elements.forEach(([number, octets], i) => {
    view.setUint16(start + 4 * i, number);
    view.setUint16(start + 4 * i + 2, octets);
  });
}

function putUnsigned64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}
