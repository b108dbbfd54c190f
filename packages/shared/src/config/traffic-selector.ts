// Traffic selectors of a child, in strongSwan's notation: `10.1.0.0/16`, `2001:db8::/32[udp/53]`, `dynamic[gre]`.
import { networkOf, parseIp4Prefix } from '../net/ip4.js';
import { isNetwork6, parseIp6Prefix } from '../net/ip6.js';

/** The address that the IKE_SA has on that side. */
export const DYNAMIC = 'dynamic';

export interface ConfiguredSelector {
  /** A prefix of either family, or DYNAMIC. */
  network: string;
  family: 4 | 6 | null;
  /** IP protocol; 0 is any. */
  protocol: number;
  /** First and last; for ICMP type << 8 | code (RFC 4301 section 4.4.1.1). */
  ports: [number, number];
}

/** IANA's numbers of what is likely to be named; any other is written as its number. */
const PROTOCOLS: Record<string, number> = {
  any: 0,
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  icmpv6: 58,
  ospf: 89,
  l2tp: 115,
  sctp: 132,
};
const ICMP = [1, 58];
const PORT_MAX = 65_535;

/** Reads a selector; a string is what is wrong with it, as a sentence for the operator. */
export function parseTrafficSelector(text: string): ConfiguredSelector | string {
  const match = /^([^[\]]+)(?:\[([^[\]/]*)(?:\/([^[\]]*))?\])?$/.exec(text);
  if (match === null) return SELECTOR_FORM;
  const [, network = '', protocolText = 'any', portText] = match;
  const family = familyOf(network);
  if (typeof family === 'string') return family;
  const protocol = PROTOCOLS[protocolText] ?? smallNumber(protocolText, 255);
  if (protocol === null) {
    return `names the protocol "${protocolText}": use a number up to 255 or one of ${Object.keys(PROTOCOLS).join(', ')}`;
  }
  if (portText === undefined) return { network, family, protocol, ports: [0, PORT_MAX] };
  if (protocol === 0) return 'has ports of no protocol: write which, such as [tcp/443]';
  const ports = ICMP.includes(protocol) ? parseIcmp(portText) : parsePorts(portText);
  return typeof ports === 'string' ? ports : { network, family, protocol, ports };
}

/** What a selector looks like. */
export const SELECTOR_FORM =
  'must be a prefix such as 10.1.0.0/16 or 2001:db8::/32, or dynamic for the address of the connection; a protocol and ports may follow, such as [tcp/443], [gre] or [icmp/8]';

function familyOf(network: string): ConfiguredSelector['family'] | string {
  if (network === DYNAMIC) return null;
  const four = parseIp4Prefix(network);
  const six = parseIp6Prefix(network);
  if (four === null && six === null) return SELECTOR_FORM;
  const clean = four !== null ? networkOf(four) === four.address : six !== null && isNetwork6(six);
  if (!clean) return 'has bits set beyond its prefix length: clear them, or lengthen the prefix';
  return four !== null ? 4 : 6;
}

function smallNumber(text: string, max: number): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= max ? Number(text) : null;
}

function parsePorts(text: string): [number, number] | string {
  const [first = '', last = first, ...more] = text.split('-');
  const [from, to] = [smallNumber(first, PORT_MAX), smallNumber(last, PORT_MAX)];
  if (from === null || to === null || from > to || more.length > 0) {
    return `has the ports "${text}": write one port, or a range such as 1024-2047`;
  }
  const count = to - from + 1;
  // XFRM gives ranges as a value and a mask; charon would widen any other, and the data plane let more through.
  if ((count & (count - 1)) !== 0 || from % count !== 0) {
    return `has the ports "${text}", which no mask expresses: write several selectors of ranges such as ${alignedRanges(from, to).join(', ')}`;
  }
  return [from, to];
}

/** The fewest ranges with a mask that make up one without. */
function alignedRanges(from: number, to: number): string[] {
  const ranges: string[] = [];
  for (let at = from; at <= to; ) {
    let count = 1;
    while (at % (count * 2) === 0 && at + count * 2 - 1 <= to) count *= 2;
    ranges.push(count === 1 ? `${at}` : `${at}-${at + count - 1}`);
    at += count;
  }
  return ranges;
}

function parseIcmp(text: string): [number, number] | string {
  const [typeText = '', codeText, ...more] = text.split('/');
  const type = smallNumber(typeText, 255);
  const code = codeText === undefined ? undefined : smallNumber(codeText, 255);
  if (type === null || code === null || more.length > 0) {
    return `has "${text}" for ICMP: write a type such as 8, or type and code such as 3/4`;
  }
  return code === undefined ? [type << 8, (type << 8) | 255] : [(type << 8) | code, (type << 8) | code];
}

/** Whether a policy comes of two: of one family, and of one protocol where both name one. */
export function pairs(local: ConfiguredSelector, remote: ConfiguredSelector): boolean {
  const families = local.family === null || remote.family === null || local.family === remote.family;
  return families && (local.protocol === 0 || remote.protocol === 0 || local.protocol === remote.protocol);
}

/** One address alone, as transport mode wants it. */
export function isHost({ network, family }: ConfiguredSelector): boolean {
  return family === null || network.endsWith(family === 4 ? '/32' : '/128');
}
