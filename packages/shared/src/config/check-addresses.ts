// What interfaces' addresses say of each other, and which addresses no interface can have.
import { canonicalIp, ipFamily } from '../net/ip.js';
import { parseIp4Prefix } from '../net/ip4.js';
import { type Ip6Prefix, isLinkLocal6, isMulticast6, parseIp6Prefix } from '../net/ip6.js';

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

export interface AddressHolder {
  vrf: string;
  mtu?: number | undefined;
  addresses: readonly string[];
}

/** Every link of IPv6 carries this much (RFC 8200 section 5). */
const IP6_MTU_MIN = 1280;
const LINK_LOCAL_LENGTH = 64;

/** Each holder with its path: `['interfaces', 1]`. */
export function checkAddresses(
  holders: readonly { entry: AddressHolder; path: Path }[],
  unique: (values: { value: string; path: Path }[], what: string) => void,
  report: Report,
): void {
  const byScope = new Map<string, { value: string; path: Path }[]>();
  for (const { entry, path } of holders) {
    const { mtu } = entry;
    if (mtu !== undefined && mtu < IP6_MTU_MIN && entry.addresses.some(isIp6)) {
      report(
        [...path, 'mtu'],
        `is ${mtu}, but IPv6 needs ${IP6_MTU_MIN}: raise it, or leave IPv6 addresses out`,
      );
    }
    entry.addresses.forEach((text, i) => {
      const at = [...path, 'addresses', i];
      const problem = problemOf(text);
      if (problem !== null) report(at, problem);
      const value = canonicalIp(text.split('/')[0]!) ?? text;
      // A link-local address means another interface on each link.
      const scope = isLinkLocal(text) ? path.join('.') : entry.vrf;
      const others = byScope.get(scope) ?? [];
      byScope.set(scope, [...others, { value, path: at }]);
    });
  }
  for (const values of byScope.values()) unique(values, 'an address');
}

function problemOf(text: string): string | null {
  const four = parseIp4Prefix(text);
  if (four !== null) {
    const first = four.address >>> 24;
    return first === 0 || first === 127 || first >= 224
      ? `${text} is no address of a single host on a network: choose another`
      : null;
  }
  const six = parseIp6Prefix(text);
  if (six === null) return null;
  if (isLinkLocal6(six.address)) return linkLocalProblem(text, six);
  const [w0, w1, w2] = six.address;
  // ::, ::1 and what else is of ::/96, and ::ffff:0:0/96, IPv4-mapped.
  const special = w0 === 0 && w1 === 0 && (w2 === 0 || w2 === 0xffff);
  return special || isMulticast6(six.address)
    ? `${text} is no address of a single host on a network: choose another`
    : null;
}

/** RFC 4291 section 2.5.6: 54 zero bits behind fe80::/10. */
function linkLocalProblem(text: string, { address, length }: Ip6Prefix): string | null {
  const plain = address[0] === 0xfe800000 && address[1] === 0 && length === LINK_LOCAL_LENGTH;
  return plain ? null : `${text} is no link-local address of an interface: write it as fe80::1/64`;
}

function isLinkLocal(text: string): boolean {
  const six = parseIp6Prefix(text);
  return six !== null && isLinkLocal6(six.address);
}

function isIp6(text: string): boolean {
  return ipFamily(text.split('/')[0]!) === 6;
}
