// What the hook of dhcpcd has written of a lease: see hook/dhcpcd. All of it comes from the network.
import {
  type DelegatedPrefix,
  type Dhcp6ClientLease,
  formatIp6,
  formatIp6Prefix,
  isLinkLocal6,
  networkOf6,
  parseIp6,
} from '@sluice/shared';
import {
  domainName,
  type LeaseNews,
  leaseLines,
  NONE,
  type Uptime,
  wholeNumber,
  words,
} from './lease-lines.js';

const SECOND_MS = 1000;
const LIFETIME_MAX = 0xffffffff;
/** As many as the hook writes of each. */
const LIST_MAX = 8;
const IA_MAX = 4;
const MULTICAST = 0xff;
/** Nobody has more than the registries give (RFC 3177); a prefix longer than a /64 is of no use to hosts. */
const PREFIX_MIN = 16;
const PREFIX_MAX = 64;

/** Without what was delegated before: that is not the file's to say. */
export type LeaseFile6 = Omit<Dhcp6ClientLease, 'withdrawn'>;

/** `none` for a file that says nothing, of an earlier start of the machine, or of a lease of which all has ended. */
export function readLease6(name: string, text: string, now: Uptime, nowMs: number): LeaseNews<LeaseFile6> {
  const value = leaseLines(text);
  if (value('boot_id') !== now.bootId) return NONE;
  const ageS = now.seconds - Number(value('uptime_s'));
  if (!(ageS >= -1)) return NONE;
  const obtainedMs = nowMs - ageS * SECOND_MS;
  /** Null for what has ended. */
  const lifetimes = (key: string): Omit<DelegatedPrefix, 'prefix'> | null => {
    const valid = wholeNumber(value(`${key}_valid_s`), 1, LIFETIME_MAX);
    const preferred = wholeNumber(value(`${key}_preferred_s`), 0, LIFETIME_MAX);
    if (valid === null || preferred === null || preferred > valid || valid <= ageS) return null;
    return {
      preferred_until_ms: Math.round(obtainedMs + preferred * SECOND_MS),
      valid_until_ms: Math.round(obtainedMs + valid * SECOND_MS),
    };
  };
  const addresses: Dhcp6ClientLease['addresses'] = [];
  const prefixes: DelegatedPrefix[] = [];
  for (let i = 1; i <= IA_MAX; i++) {
    const address = hostAddress6(value(`address${i}`));
    const until = lifetimes(`address${i}`);
    if (address !== null && until !== null) addresses.push({ address, ...until });
    const prefix = sitePrefix(value(`prefix${i}`), value(`prefix${i}_length`));
    const prefixUntil = lifetimes(`prefix${i}`);
    if (prefix !== null && prefixUntil !== null) prefixes.push({ prefix, ...prefixUntil });
  }
  const ends = [...addresses, ...prefixes].map((one) => one.valid_until_ms);
  if (ends.length === 0) return NONE;
  // A prefix that is going is listed beside the one that comes.
  const prefix = prefixes.find((one) => one.preferred_until_ms > nowMs) ?? prefixes[0] ?? null;
  return {
    kind: 'lease',
    leftMs: Math.min(...ends) - nowMs,
    lease: {
      interface: name,
      server: /^[0-9a-f]{1,260}$/.test(value('server')) ? value('server') : null,
      addresses,
      prefix,
      dns_servers: words(value('dns_servers'))
        .map(hostAddress6)
        .filter((address) => address !== null)
        .slice(0, LIST_MAX),
      domain_search: words(value('domain_search'))
        .map((domain) => domainName(domain.replace(/\.$/, '')))
        .filter((domain) => domain !== null)
        .slice(0, LIST_MAX),
      obtained_ms: Math.round(obtainedMs),
      expires_ms: Math.max(...ends),
    },
  };
}

/** In its canonical form, where one host can have it on more than one link; null otherwise. */
function hostAddress6(text: string): string | null {
  const address = parseIp6(text);
  if (address === null) return null;
  const first = address[0] >>> 24;
  return first === 0 || first === MULTICAST || isLinkLocal6(address) ? null : formatIp6(address);
}

function sitePrefix(text: string, lengthText: string): string | null {
  const length = wholeNumber(lengthText, PREFIX_MIN, PREFIX_MAX);
  const address = hostAddress6(text) === null ? null : parseIp6(text);
  if (length === null || address === null) return null;
  return formatIp6Prefix({ address: networkOf6({ address, length }), length });
}
